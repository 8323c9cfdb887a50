"""A provider for development and tests that speaks OpenAI's and Anthropic's HTTP protocols.

Read in this order: `app` wires; `calls` takes one model call from request to answer; `asks` and
`answers` say what is asked and what is answered in either dialect; `openai_api` and
`anthropic_api` put it into the vendor's own shapes; `delivery` sends it; `trouble` is what model
names can ask for; `served_log` is the witness against which the books are checked.
"""
