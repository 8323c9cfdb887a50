"""Members taken out of a JSON body and put in, every other byte of a member as it was."""

from collections.abc import Collection, Mapping

from tollgate_llm.inference.splice import members


def edited(body: bytes, *, without: Collection[str] = (), added: Mapping[str, bytes]) -> bytes:
    """The outermost object without some of its members, and with others, unless it has them."""
    kept: list[bytes] = []
    names: set[str] = set()
    begin = body.index(b"{") + 1
    for member in members(body):
        if member.name not in without:
            kept.append(body[begin : member.end].lstrip(b" \t\r\n,"))
            names.add(member.name)
        begin = member.end
    new = [f'"{name}":'.encode() + value for name, value in added.items() if name not in names]
    return b"{" + b",".join([*new, *kept]) + b"}"
