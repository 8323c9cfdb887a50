"""`x-tollgate-tags: team=blue,feature=search`: the caller's own labels, stored with the row."""

import re

from tollgate_common.errors import BadRequest
from tollgate_common.header_text import header_text

HEADER = "x-tollgate-tags"
MAX_TAGS = 16
MAX_CHARACTERS = 64
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def parse_tags(header: str | None) -> dict[str, str]:
    """Return the tags of the header as WSGI has it, or raise `BadRequest` naming the header."""
    if not header:
        return {}
    tags: dict[str, str] = {}
    for part in header_text(header).split(","):
        name, equals, value = part.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name or max(len(name), len(value)) > MAX_CHARACTERS:
            raise BadRequest(
                f"{HEADER}: write name=value pairs, each side at most {MAX_CHARACTERS} characters.",
                param=HEADER,
            )
        if _CONTROL.search(name + value):
            raise BadRequest(f"{HEADER}: no control characters.", param=HEADER)
        tags[name] = value
    if len(tags) > MAX_TAGS:
        raise BadRequest(f"{HEADER}: at most {MAX_TAGS} tags.", param=HEADER)
    return tags
