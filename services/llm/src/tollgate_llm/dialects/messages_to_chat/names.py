"""Names of tools, of which Anthropic takes longer ones than OpenAI."""

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.tool_names import shortened
from tollgate_llm.dialects.translation import Json


def original_names(request: Json) -> dict[str, str]:
    """Return the caller's names of the request's tools that have shorter ones at the provider, by
    the latter."""
    names = (reading.text(tool, "name") for tool in reading.objects(request.get("tools")))
    return {short: name for name in names if (short := shortened(name)) != name}
