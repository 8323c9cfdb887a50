"""Callers speak OpenAI responses, the provider speaks OpenAI chat completions.

What is sent is what servers that only know chat completions (vLLM, Ollama, DeepSeek) take too:
system messages instead of developer ones, functions only, the cap by the name that the model
heeds. Reasoning is in `reasoning_content`, or, in answers, in `reasoning`; what its provider wants
back as it was is in `thinking_blocks`. `reasoning.effort` has the same words there.
Nothing is stored: what refers to something stored, or wants something run by OpenAI, is refused.
"""

from tollgate_llm.dialects.responses_to_chat.answer import to_response
from tollgate_llm.dialects.responses_to_chat.params import caller_param
from tollgate_llm.dialects.responses_to_chat.request import to_chat
from tollgate_llm.dialects.responses_to_chat.stream import ResponsesStream
from tollgate_llm.dialects.translation import Translation

TRANSLATION = Translation(
    "/v1/chat/completions", to_chat, to_response, ResponsesStream, caller_param
)
