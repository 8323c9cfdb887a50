"""Parameters that are grouped in one dialect and flat in the other."""

from tollgate_llm.dialects.responses_to_chat.fields import refuse_rest
from tollgate_llm.dialects.translation import Drops, Json, Wanted

_LOGPROBS = "message.output_text.logprobs"
_INCLUDED_ANYWAY = frozenset({
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
    "file_search_call.results",
    "message.input_image.image_url",
    "reasoning.encrypted_content",
    "web_search_call.action.sources",
    "web_search_call.results",
})  # fmt: skip
"""They concern hosted tools, of which there are none, or stored input; and reasoning comes in the
open, so that it can be sent back without being stored."""

_SERVICE_TIERS = ("auto", "default", "flex", "scale", "priority", "fast")
_FULL_SUMMARIES = (None, "auto", "detailed")


def settings_of(asked: Json, wanted: Wanted, drops: Drops) -> Json:
    settings = _text(asked.get("text") or {}, drops)
    settings |= _reasoning(asked.get("reasoning") or {}, wanted, drops)
    settings |= _logprobs(asked, drops)
    settings |= _service_tier(asked.get("service_tier"), drops)
    settings |= _caching(asked.get("prompt_cache_options") or {}, drops)
    return settings


def _text(text: Json, drops: Drops) -> Json:
    refuse_rest(text, ("format", "verbosity"), "text", drops)
    settings = _format(text.get("format") or {}, drops)
    if text.get("verbosity") not in (None, "medium"):
        settings["verbosity"] = text["verbosity"]
    return settings


def _format(given: Json, drops: Drops) -> Json:
    """A missing `strict` means the same in both dialects here, unlike with tools."""
    names = ("name", "description", "schema", "strict")
    refuse_rest(given, ("type", *names), "text.format", drops)
    if given.get("type") == "json_object":
        return {"response_format": {"type": "json_object"}}
    if given.get("type") != "json_schema":
        return {}
    schema = {name: given[name] for name in names if given.get(name) is not None}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _reasoning(given: Json, wanted: Wanted, drops: Drops) -> Json:
    """What comes back as the summary is all the reasoning that the provider shows."""
    refuse_rest(given, ("effort", "summary", "generate_summary"), "reasoning", drops)
    for name in ("summary", "generate_summary"):
        if given.get(name) not in _FULL_SUMMARIES:
            drops.hint(f"reasoning.{name}")
    effort = given.get("effort")
    if effort is not None and wanted.reasons is False:
        drops.hint("reasoning.effort")
        return {}
    return {} if effort is None else {"reasoning_effort": effort}


def _logprobs(asked: Json, drops: Drops) -> Json:
    include, most_likely = asked.get("include") or (), asked.get("top_logprobs")
    for index, name in enumerate(include):
        if name != _LOGPROBS and name not in _INCLUDED_ANYWAY:
            drops.add(f"include.{index}", "it is not known what this is")
    if not most_likely:
        return {"logprobs": True} if _LOGPROBS in include else {}
    return {"logprobs": True, "top_logprobs": most_likely}


def _service_tier(tier: str | None, drops: Drops) -> Json:
    if tier in (None, "auto"):
        return {}
    if tier in _SERVICE_TIERS:
        return {"service_tier": tier}
    drops.add("service_tier", f"chat completions have no tier `{tier}`")
    return {}


def _caching(given: Json, drops: Drops) -> Json:
    refuse_rest(given, ("mode", "ttl"), "prompt_cache_options", drops)
    options = {}
    if given.get("mode") not in (None, "implicit"):
        options["mode"] = given["mode"]
    if given.get("ttl") == "30m":
        options["ttl"] = "30m"
    elif given.get("ttl") is not None:
        drops.hint("prompt_cache_options.ttl")
    return {"prompt_cache_options": options} if options else {}
