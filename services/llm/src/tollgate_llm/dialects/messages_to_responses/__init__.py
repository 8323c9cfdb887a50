"""Callers speak Anthropic messages, the provider speaks OpenAI responses.

It is for models that OpenAI does not serve on chat completions, or not with tools. What both routes
take is read by the translation to chat completions, and put into other words here. Nothing is
stored: thoughts come encrypted and go back with the next turn.
"""

from tollgate_llm.dialects.messages_to_responses.answer import to_message
from tollgate_llm.dialects.messages_to_responses.request import to_responses
from tollgate_llm.dialects.messages_to_responses.stream import ResponseEvents
from tollgate_llm.dialects.translation import Translation

TRANSLATION = Translation("/v1/responses", to_responses, to_message, ResponseEvents)
