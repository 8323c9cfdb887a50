"""Callers speak OpenAI chat completions, the provider speaks Anthropic messages.

What chat completions have no word for comes and goes in two fields beside the standard ones, on
messages and deltas: `reasoning_content` is what the model thought, as text; `thinking_blocks` are
Anthropic's own blocks with their signatures. Sent back with the message, the latter let the model
go on thinking where it was when it called a tool; `reasoning_content` alone is left out without a
word, since a model is shown no thoughts but its own, signed.
"""

from tollgate_llm.dialects.chat_to_messages.answer import to_completion
from tollgate_llm.dialects.chat_to_messages.request import to_messages
from tollgate_llm.dialects.chat_to_messages.stream import ChatStream
from tollgate_llm.dialects.translation import Translation

TRANSLATION = Translation("/v1/messages", to_messages, to_completion, ChatStream)
