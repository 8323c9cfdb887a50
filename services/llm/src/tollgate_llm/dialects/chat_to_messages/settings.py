"""Parameters of the request that are neither conversation nor tools nor thinking."""

from tollgate_llm.dialects.chat_to_messages.fields import refuse_rest
from tollgate_llm.dialects.chat_to_messages.models import takes_sampling
from tollgate_llm.dialects.translation import Drops, Json

_THINKING = ("adaptive", "enabled")
_LEAST_TOP_P_THINKING = 0.95


def sampling_of(asked: Json, body: Json, drops: Drops) -> Json:
    """`temperature` and `top_p`. 1 is what leaving them out means, and what all models take."""
    sampling = {}
    for name in ("temperature", "top_p"):
        value = asked.get(name)
        if value is None or value == 1:
            continue
        if reason := _unsampled(name, value, body):
            drops.add(name, reason)
        else:
            sampling[name] = value
    return sampling


def _unsampled(name: str, value: float, body: Json) -> str | None:
    if not takes_sampling(body["model"]):
        return "this model takes no sampling parameters"
    if value > 1:
        return "it goes up to 1 only"
    thinks = body.get("thinking", {}).get("type") in _THINKING
    if thinks and (name == "temperature" or value < _LEAST_TOP_P_THINKING):
        return "it cannot be set for a model that thinks"
    return None


def format_of(given: Json, drops: Drops) -> Json:
    """The schema; a description goes into it. A schema's name is a label that nothing reads.

    Whatever `strict` says, the answer is held to the schema; what schemas may say is up to the
    provider."""
    if given.get("type") != "json_schema":
        return {}
    at, wanted = "response_format.json_schema", given["json_schema"]
    refuse_rest(wanted, ("name", "description", "schema", "strict"), at, drops)
    if not wanted.get("schema"):
        drops.add("response_format", "it answers in JSON of a given schema only")
        return {}
    said = {"description": wanted["description"]} if wanted.get("description") else {}
    return {"format": {"type": "json_schema", "schema": {**said, **wanted["schema"]}}}


JSON_ONLY = "Answer with one JSON object and nothing else, not even a code fence."


def add_json_only(response_format: Json, body: Json) -> None:
    """Ask for any JSON object: Anthropic has a field for objects of a known schema only, and its
    models do as the system prompt says. The line comes last, where it leaves cached prompts as they
    are."""
    if response_format.get("type") != "json_object":
        return
    line, system = {"type": "text", "text": JSON_ONLY}, body.get("system", [])
    blocks = [{"type": "text", "text": system}] if isinstance(system, str) else system
    body["system"] = [*blocks, line] if blocks else JSON_ONLY


def stops_of(stop: str | list[str] | None, drops: Drops) -> Json:
    sequences = [stop] if isinstance(stop, str) else list(stop or ())
    for index, sequence in enumerate(sequences):
        if not sequence.strip():
            at = "stop" if isinstance(stop, str) else f"stop.{index}"
            drops.add(at, "it does not stop at mere space")
    sequences = [sequence for sequence in sequences if sequence.strip()]
    return {"stop_sequences": sequences} if sequences else {}


def user_of(asked: Json, drops: Drops) -> Json:
    """`safety_identifier`, or `user`, which it replaces: there is one id only."""
    user, identifier = asked.get("user"), asked.get("safety_identifier")
    if user and identifier and user != identifier:
        drops.hint("user")
    known = identifier or user
    return {"metadata": {"user_id": known}} if known else {}


def tier_of(tier: str | None, drops: Drops) -> Json:
    """`default` is paid by the token at the standard price, whatever capacity is reserved. Other
    tiers change what an answer costs and when it comes, and no more."""
    if tier == "default":
        return {"service_tier": "standard_only"}
    if tier not in (None, "auto"):
        drops.hint("service_tier")
    return {}
