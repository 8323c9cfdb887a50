"""What vendors make of the members of a request: which are text, what they add to it, and which
have them read something that is not in the request.

Each number is the highest that is published, or above it where nobody publishes one. Sources:

- OpenAI, cookbook, "How to count tokens with tiktoken": 3 or 4 tokens a message, 1 a name, 3 before
  the answer; 7 to 10 a tool, 3 a property, 12 after the tools.
- Anthropic, docs, "Tool use with Claude: pricing" (2026-07): 159 to 804 for the prompt that tools
  bring with them.
- Anthropic, docs, "Computer use tool", "Text editor tool", "Bash tool": up to 735 for a tool that
  Anthropic defines, 499 for the prompt of a beta.
- The chat templates of open models: up to 60 tokens before a conversation (gpt-oss), 12 around a
  call or its result, 6 around another message.
"""

from enum import IntEnum

from tollgate_common.usage_lines import Kind


class BoundSource(IntEnum):
    """What bounds the input: its text, the model's context, what the organisation states of its
    model, or nothing."""

    TEXT = 0
    CONTEXT = 1
    STATED = 2
    NOTHING = 3


MAX_SHOWN_CHARACTERS = 64
"""The most of a request's own words that an error repeats."""

TEMPLATE_TOKENS = 64
"""Before and after a conversation, or whatever else is read."""
MEMBER_TOKENS = 8
"""Around a conversation, a system prompt or instructions, each."""
MESSAGE_TOKENS = 8
"""Around a message, or any other object of a conversation."""
PART_TOKENS = 4
"""Around a part of a message that is nothing but a text."""
ATTACHMENT_TOKENS = 100
"""Around a document, a file or a recording: its title, its place, and marks for citations."""
LISTED_TEXT_TOKENS = 16
"""Around one of several texts to be embedded or completed: marks, and a prompt of the vendor's."""
TOOLS_TOKENS = 1000
"""For the prompt that tools, or an output of a given shape, bring with them."""
TOOL_TOKENS = 16
"""Around a tool."""
ADVISOR_TOKENS = 5000
"""For the prompt by which the vendor asks an advisor. Anthropic shows an advisor that reads 823
tokens of a short conversation, and publishes no most."""
VENDOR_TOOL_TOKENS = 1500
"""For a tool that the vendor defines and the caller runs."""

CONVERSATION = ("system", "instructions", "messages", "input", "prompt")
"""The members whose texts are read as they are, in any dialect."""

SETTINGS = frozenset(
    {
        "background",
        "best_of",
        "dimensions",
        "encoding_format",
        "fallbacks",
        "frequency_penalty",
        "include",
        "inference_geo",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_output_tokens",
        "max_tokens",
        "metadata",
        "min_p",
        "model",
        "n",
        "parallel_tool_calls",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_retention",
        "repetition_penalty",
        "safety_identifier",
        "seed",
        "service_tier",
        "speed",
        "stop",
        "stop_sequences",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "top_k",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    }
)
"""The members that no model is shown. Any other is counted as the JSON that it is."""

SHAPING = ("tools", "functions", "response_format", "text", "output_config", "output_format")
"""The members that bring a prompt of the vendor's with them."""

KEPT_BY_THE_PROVIDER = ("previous_response_id", "conversation", "container", "thread")
"""The members that name what the provider has kept: at most a context."""
RENDERED_BY_THE_PROVIDER = ("chat_template",)
"""A template of the caller's (vLLM), which may repeat what it is given: at most a context."""
SERVER_SIDE = ("mcp_servers", "web_search_options", "compaction")
"""The members that have the provider read more while it answers, and answer more than once."""
NOT_IN_THE_ANSWER = ("background",)
"""The members after which the usage is not in the answer."""
ADVISORS = ("advisor_",)
"""Types of tools that ask another model, at its price, by their beginning."""

FEES: tuple[tuple[str, Kind], ...] = (
    ("web_search", "web_searches"),
    ("file_search", "file_searches"),
    ("code_interpreter", "code_sessions"),
)
"""What a vendor charges for each use of its tools, by the beginning of a tool's type."""
COMPACTING_RUNS = 2
"""Runs of the model where a conversation is made shorter first: each may write up to the cap."""

CALLER_TOOLS = frozenset({"function", "custom", "namespace"})
"""Types of tools that the caller defines."""
VENDOR_TOOLS = ("bash_", "text_editor_", "computer_", "memory_", "local_shell", "apply_patch")
"""Types of tools that the vendor defines and the caller runs, by their beginning."""
VENDOR_TOOLSETS = ("computer_toolset_", "browser_toolset_")
"""Types of whole sets of such tools, whose size nobody publishes: at most a context."""

USUAL_TIERS = frozenset({"auto", "default", "standard", "standard_only", "global"})
"""Values of `service_tier`, `speed` and `inference_geo` that have the usual price."""

TEXT_PARTS = frozenset({"text", "input_text", "output_text"})
"""Types of parts that are a text and nothing else."""
TEXT_PART_MEMBERS = frozenset({"type", "text", "cache_control"})
MESSAGE_MEMBERS = frozenset({"type", "role", "content", "name", "cache_control"})
"""The members of a message that is shown as its role, its name and its content."""
READ_AS_TEXT = frozenset({"role", "name", "content", "text"})
"""The members of any object of a conversation that are shown without their name."""
NOT_READ = frozenset({"cache_control"})
"""The members of any object of a conversation that no model is shown."""

IMAGES = frozenset({"image", "image_url", "input_image", "computer_screenshot"})
"""Types of parts that are a picture."""
ATTACHMENTS = frozenset(
    {
        "audio",
        "audio_url",
        "container_upload",
        "file",
        "image_generation_call",
        "input_audio",
        "input_file",
        "input_video",
        "item_reference",
        "video",
        "video_url",
    }
)
"""Types of parts that are no text, or lie with the provider."""
ATTACHED_BY_NAME = ("input_audio", "audio_url", "video_url", "audio")
"""The members that make such a part of any object."""
ENCODED = frozenset(
    {
        "audio",
        "audio_url",
        "data",
        "detail",
        "file",
        "file_data",
        "file_id",
        "file_url",
        "format",
        "image_url",
        "input_audio",
        "media_type",
        "source",
        "type",
        "url",
        "video_url",
    }
)
"""The members of a picture, file or recording that are no text: it has a bound of its own."""
CHANGES_TOOLS = frozenset({"additional_tools", "configuration_update", "compaction_trigger"})
"""Types of items that have the provider do more than the request's members say."""
CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
"""Types of parts whose arguments are the caller's own JSON, whatever they look like."""
