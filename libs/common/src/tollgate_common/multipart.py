"""multipart/form-data (RFC 7578), read where it lies: places in the body, never copies of it.

Who reads a form before passing it on must understand it exactly as the next reader will, or a
field can be smuggled past. So whatever two parsers may see differently is refused, with what no
client sends: text around the parts, bare line feeds, a boundary inside of a part, fields without
a name or with two, encoded parts. Memory is bounded: so many parts, so long a header.
"""

import hashlib
import re
from typing import NamedTuple

from tollgate_common.errors import BadRequest, TollgateError

MOST_PARTS = 256
LONGEST_HEAD = 8192
FORM = "multipart/form-data"

_BOUNDARY = re.compile(
    r""";\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+,./:=?-]{1,70}))(?=\s*(?:;|\Z))""",
    re.IGNORECASE | re.ASCII,
)
_ONE_MORE = re.compile(r";\s*boundary\s*\*?", re.IGNORECASE)
_DISPOSITION = re.compile(
    rb'form-data((?:\s*;\s*[\w-]+\*?=(?:"(?:[^"\\]|\\.)*"|[^\s";]+))*)\s*;?\s*\Z', re.IGNORECASE
)
_PARAMETER = re.compile(rb';\s*([\w-]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))')
_LENGTH = re.compile(rb"(?i)(?:\A|\r\n)content-length:[ \t]*([0-9]+)[ \t]*(?=\r\n|\Z)")
_PLAIN = frozenset({b"7bit", b"8bit", b"binary"})


class WrongContentType(TollgateError):
    """The route takes a form, and this is none."""

    status = 415
    code = "unsupported_content_type"


class MalformedForm(BadRequest):
    """The body is not a form that everyone reads the same way."""

    code = "invalid_multipart_form_data"


class Part(NamedTuple):
    """One part: its header begins at `head`, its content is from `start` to `end`."""

    name: str
    is_file: bool
    head: int
    start: int
    end: int
    charset: bytes = b"utf-8"


class Form(NamedTuple):
    """The body and where its parts are, in their order."""

    body: bytes
    parts: tuple[Part, ...]

    def has(self, name: str) -> bool:
        return any(part.name == name for part in self.parts)

    def text(self, name: str) -> str | None:
        """The field of that name, None without one; two of them, or a file, are wrong."""
        part = self._field(name)
        if part is None:
            return None
        try:
            return self.body[part.start : part.end].decode()
        except UnicodeDecodeError:
            raise BadRequest(f"`{name}` is not UTF-8.", param=name) from None

    def bytes_of_files(self) -> int:
        return sum(part.end - part.start for part in self.parts if part.is_file)

    def with_text(self, name: str, value: str) -> bytes:
        """The body with another value of a field that it has, else byte for byte the same."""
        part = self._field(name)
        if part is None:
            return self.body
        new = value.encode()
        head = _with_length(self.body[part.head : part.start], len(new))
        return b"".join((self.body[: part.head], head, new, self.body[part.end :]))

    def digest(self) -> bytes:
        """The same for forms that differ in nothing but their boundaries."""
        found, view = hashlib.sha256(), memoryview(self.body)
        for part in self.parts:
            found.update(b"%d %d\n" % (part.start - part.head, part.end - part.start))
            found.update(view[part.head : part.end])
        return found.digest()

    def _field(self, name: str) -> Part | None:
        found = [part for part in self.parts if part.name == name]
        if len(found) > 1:
            raise BadRequest(f"`{name}` is there more than once.", param=name)
        if found and (found[0].is_file or found[0].charset != b"utf-8"):
            raise BadRequest(f"`{name}` must be a text field, in UTF-8.", param=name)
        return found[0] if found else None


def read_form(body: bytes, content_type: str | None) -> Form:
    """`WrongContentType` or `MalformedForm` unless it is one."""
    delimiter = b"--" + _boundary(content_type or "")
    found: list[Part] = []
    at = _begin(body, delimiter)
    while not body.startswith(b"--", at):
        if len(found) == MOST_PARTS:
            raise MalformedForm(f"A form has at most {MOST_PARTS} parts.", param="body")
        end = body.find(delimiter, at)
        if end < 0:
            raise _truncated()
        found.append(_part(body, at, end))
        at = end + len(delimiter)
    if body[at + 2 : at + 5] not in (b"", b"\r\n"):
        raise MalformedForm("Nothing may follow the form's closing boundary.", param="body")
    return Form(body, tuple(found))


def _boundary(content_type: str) -> bytes:
    if content_type.partition(";")[0].strip().lower() != FORM:
        shown = content_type[:80] or "none"
        raise WrongContentType(f"Content-Type must be `{FORM}`, not `{shown}`.",
                               param="content-type")  # fmt: skip
    found = _BOUNDARY.findall(content_type)
    if len(found) != 1 or len(_ONE_MORE.findall(content_type)) != 1:
        raise MalformedForm(
            f"Content-Type: `{FORM}` needs a `boundary`: let your HTTP client write this header.",
            param="content-type",
        )
    return str(found[0][0] or found[0][1]).rstrip().encode()


def _begin(body: bytes, delimiter: bytes) -> int:
    if not body:
        raise MalformedForm("The body is empty.", param="body")
    if not body.startswith(delimiter):
        raise MalformedForm("The body must begin with the form's boundary.", param="body")
    return len(delimiter)


def _truncated() -> MalformedForm:
    return MalformedForm("The form ends before its closing boundary.", param="body")


def _part(body: bytes, at: int, end: int) -> Part:
    """The part whose delimiter ends at `at`, and the next one's begins at `end`."""
    if body[at : at + 2] != b"\r\n" or end - at < 4 or body[end - 2 : end] != b"\r\n":
        raise MalformedForm("A boundary of the form does not stand on a line alone.", param="body")
    head, last = at + 2, end - 2
    blank = body.find(b"\r\n\r\n", head, min(last, head + LONGEST_HEAD))
    if blank < 0:
        if last - head > LONGEST_HEAD:
            raise MalformedForm(f"A part's header exceeds {LONGEST_HEAD} bytes.", param="body")
        raise MalformedForm("A part of the form has no header.", param="body")
    headers = _headers(body[head:blank])
    name, is_file = _named(headers.get(b"content-disposition", b""))
    if headers.get(b"content-transfer-encoding", b"binary").lower() not in _PLAIN:
        raise MalformedForm(f"`{name}`: Content-Transfer-Encoding is not taken.", param=name)
    return Part(name, is_file, head, blank + 4, last, _charset(headers.get(b"content-type", b"")))


def _headers(head: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        name = name.lower()
        bare = b"\n" in line or b"\r" in line or b"\0" in line
        if not colon or bare or name != name.strip() or not name or name in found:
            raise MalformedForm("A part of the form has a header that is none.", param="body")
        found[name] = value.strip()
    return found


def _named(disposition: bytes) -> tuple[str, bool]:
    fits = _DISPOSITION.match(disposition)
    found = [(key.lower(), quoted or bare) for key, quoted, bare in
             _PARAMETER.findall(fits.group(1) if fits else b"")]  # fmt: skip
    given = dict(found)
    name = given.get(b"name", b"")
    if not name or b"\\" in name or len(given) != len(found) or b"name*" in given:
        raise MalformedForm(
            'Each part needs `Content-Disposition: form-data; name="…"`, once.', param="body"
        )
    try:
        return name.decode(), b"filename" in given or b"filename*" in given
    except UnicodeDecodeError:
        raise MalformedForm("A part's name is not UTF-8.", param="body") from None


def _charset(content_type: bytes) -> bytes:
    _, given, charset = content_type.lower().partition(b"charset=")
    plain = charset.partition(b";")[0].strip().strip(b'"')
    return plain if given and plain != b"us-ascii" else b"utf-8"


def _with_length(head: bytes, length: int) -> bytes:
    """Some clients say each part's length."""
    found = _LENGTH.search(head)
    if found is None:
        return head
    return head[: found.start(1)] + b"%d" % length + head[found.end(1) :]
