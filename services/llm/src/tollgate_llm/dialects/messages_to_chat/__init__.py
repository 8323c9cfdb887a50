"""Callers speak Anthropic messages, the provider speaks OpenAI chat completions.

What is sent is what servers that only know chat completions (vLLM, Ollama, DeepSeek) take too:
system messages instead of developer ones, functions only, nothing that refers to stored files.

`cache_control` is a hint: these providers cache prefixes by themselves, and the answer is the same.
"""

from tollgate_llm.dialects.messages_to_chat.answer import to_message
from tollgate_llm.dialects.messages_to_chat.request import to_chat
from tollgate_llm.dialects.messages_to_chat.stream import MessagesStream
from tollgate_llm.dialects.translation import Translation

TRANSLATION = Translation("/v1/chat/completions", to_chat, to_message, MessagesStream)
