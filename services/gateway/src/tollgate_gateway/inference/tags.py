"""`x-tollgate-tags: team=blue,feature=search`: the caller's own labels, stored with the row."""

from tollgate_common.errors import BadRequest

MAX_TAGS = 16
MAX_CHARACTERS = 64


def parse_tags(header: str | None) -> dict[str, str]:
    """The tags, or `BadRequest` naming the header."""
    if not header:
        return {}
    tags: dict[str, str] = {}
    for part in header.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or not name or max(len(name), len(value)) > MAX_CHARACTERS:
            raise BadRequest(
                "x-tollgate-tags: write name=value pairs, each side at most 64 characters.",
                param="x-tollgate-tags",
            )
        tags[name.strip()] = value.strip()
    if len(tags) > MAX_TAGS:
        raise BadRequest("x-tollgate-tags: at most 16 tags.", param="x-tollgate-tags")
    return tags
