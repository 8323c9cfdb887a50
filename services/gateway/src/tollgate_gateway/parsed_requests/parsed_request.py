"""The members of a request's body that the gateway needs; the rest stays bytes."""

import re
from collections.abc import Callable
from typing import ClassVar, Literal, TypeVar

import msgspec

from tollgate_common.errors import BadRequest
from tollgate_gateway.parsed_requests.unique_members import unique_members

Medium = Literal["text", "vector", "image", "speech", "transcript", "free"]


class ParsedRequest(msgspec.Struct, frozen=True):
    """The members that routing, limits and streaming depend on, by either vendor's names.

    `medium` is what the model makes, and so which maxima apply; `is_form` says that the body is a
    form, and no JSON. `caps` are the names of the cap on
    output tokens that a provider of this route knows; a cap by any other name bounds nothing."""

    medium: ClassVar[Medium] = "text"
    is_form: ClassVar[bool] = False
    caps: ClassVar[tuple[str, ...]] = ("max_completion_tokens", "max_output_tokens", "max_tokens")
    model: str
    stream: bool | None = None
    n: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    max_output_tokens: int | None = None

    def output_cap(self) -> int | None:
        """Return the highest cap on output tokens that the caller set, or None without one.

        The provider may go by any of several caps. A cap that is not above zero is none: some
        servers write without end."""
        caps = [cap for name in self.caps if (cap := getattr(self, name)) is not None and cap > 0]
        return max(caps, default=None)

    def usual_cap(self, configured: int) -> int:
        """Return the cap of a request that names none."""
        return configured

    def answers(self) -> int:
        """Return how many answers there may be, each up to the cap."""
        return max(1, self.n or 1)

    def previews(self) -> int:
        """Return how many previews precede each answer."""
        return 0

    def streams(self) -> bool:
        return bool(self.stream)

    def is_bounded(self) -> bool:
        """Return whether the maxima of the model hold for this request."""
        return True


MAX_MODEL_CHARACTERS = 256

P = TypeVar("P", bound=ParsedRequest)
_PATH = re.compile(r"`\$\.?([^`]*)`\Z")
_MISSING = re.compile(r"missing required field `([^`]+)`")


def reader(kind: type[P]) -> Callable[[bytes], P]:
    """Return a function that decodes a body, or raises `BadRequest` naming the field.

    A body is gone through once, for its members; what is needed of them is decoded after that."""
    decode = msgspec.json.Decoder(kind).decode
    names = kind.__struct_fields__

    def read(body: bytes) -> P:
        try:
            members = unique_members(body)
            needed = {name: members[name] for name in names if name in members}
            parsed = decode(msgspec.json.encode(needed))
        except msgspec.ValidationError as error:
            raise _wrong_field(str(error)) from None
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise BadRequest(
                "The body is not valid JSON.", param="body", code="invalid_json"
            ) from None
        return checked(parsed)

    return read


def checked(parsed: P) -> P:
    """Return the request, or raise `BadRequest` for what no model is called.

    PostgreSQL keeps no NUL, so the ledger could not book a call of such a name."""
    if not 0 < len(parsed.model) <= MAX_MODEL_CHARACTERS or "\0" in parsed.model:
        raise BadRequest("`model` must be the name of a model.", param="model")
    return parsed


def _wrong_field(message: str) -> BadRequest:
    if missing := _MISSING.search(message):
        name = missing.group(1)
        return BadRequest(f"`{name}` is required.", param=name, code="missing_required_parameter")
    path = _PATH.search(message)
    name = path.group(1) if path and path.group(1) else "body"
    return BadRequest(f"`{name}`: {message.split(' - at')[0]}.", param=name)
