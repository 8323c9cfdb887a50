"""A search of the web that the provider has run → the use of a server tool and its result.

The result has the addresses that the provider names. What it read there it does not show.
"""

from tollgate_llm.dialects import reading
from tollgate_llm.dialects.translation import Json

_TOOL = "web_search"
_PREFIX = "srvtoolu_"


def search_blocks(item: Json) -> list[Json]:
    """Return both blocks, the use with its whole input."""
    action = reading.part(item, "action")
    use_id = _PREFIX + "".join(filter(str.isalnum, reading.text(item, "id")))
    query = reading.text(action, "query", "pattern", "url")
    use = {"type": "server_tool_use", "id": use_id, "name": _TOOL, "input": {"query": query}}
    sources = (reading.text(source, "url") for source in reading.objects(action.get("sources")))
    content = [_result(url) for url in sources if url]
    return [use, {"type": "web_search_tool_result", "tool_use_id": use_id, "content": content}]


def _result(url: str) -> Json:
    """Return a result that callers of messages can read: without a title, and nothing encrypted."""
    return {"type": "web_search_result", "title": url, "url": url, "encrypted_content": ""}
