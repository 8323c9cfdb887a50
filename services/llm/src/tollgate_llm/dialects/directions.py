"""All directions in which requests are translated, in the order of docs/translation.md."""

from tollgate_llm.dialects.field_rules import CHAT_TO_MESSAGES, MESSAGES_TO_CHAT, RESPONSES_TO_CHAT
from tollgate_llm.dialects.response_rules import MESSAGES_TO_RESPONSES

DIRECTIONS = (CHAT_TO_MESSAGES, MESSAGES_TO_CHAT, MESSAGES_TO_RESPONSES, RESPONSES_TO_CHAT)
