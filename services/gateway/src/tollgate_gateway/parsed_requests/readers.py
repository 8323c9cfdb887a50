"""How each inference route's body is read."""

import re
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from tollgate_common.errors import BadRequest
from tollgate_common.multipart import Form, read_form
from tollgate_gateway.parsed_requests.parsed_request import (
    Medium,
    ParsedRequest,
    checked,
    reader,
)

COMPLETIONS_CAP = 16
DEFAULT_MODERATION = "omni-moderation-latest"
_NOT_BOUNDED = frozenset({"svg", "gif"})
_DIGITS = re.compile(r"-?[0-9]{1,9}", re.ASCII)


class Chat(ParsedRequest, frozen=True):
    caps: ClassVar[tuple[str, ...]] = ("max_completion_tokens", "max_tokens")


class Message(ParsedRequest, frozen=True):
    caps: ClassVar[tuple[str, ...]] = ("max_tokens",)


class Response(ParsedRequest, frozen=True):
    caps: ClassVar[tuple[str, ...]] = ("max_output_tokens",)


class Embedding(ParsedRequest, frozen=True):
    medium: ClassVar[Medium] = "vector"


class TokenCount(ParsedRequest, frozen=True):
    """A count of tokens costs nothing, and so uses nothing."""

    medium: ClassVar[Medium] = "free"


class Completion(ParsedRequest, frozen=True):
    """Each of the prompts is completed `n` times, and the others of `best_of` are billed as well.
    A request without a cap has OpenAI's own, which is a short one."""

    medium: ClassVar[Medium] = "text"
    caps: ClassVar[tuple[str, ...]] = ("max_tokens",)
    best_of: int | None = None
    prompt: str | list[msgspec.Raw] | None = None

    def usual_cap(self, configured: int) -> int:
        return min(COMPLETIONS_CAP, configured)

    def answers(self) -> int:
        return max(1, self.n or 1, self.best_of or 1) * self._prompts()

    def _prompts(self) -> int:
        """Return how many prompts there are: a list is one, in tokens, or holds one a member."""
        if not isinstance(self.prompt, list) or not self.prompt:
            return 1
        return len(self.prompt) if bytes(self.prompt[0])[:1] in (b'"', b"[") else 1


class Moderation(ParsedRequest, frozen=True, kw_only=True):
    """A moderation costs nothing. The model has a default, OpenAI's own."""

    medium: ClassVar[Medium] = "free"
    model: str = DEFAULT_MODERATION


class Image(ParsedRequest, frozen=True):
    medium: ClassVar[Medium] = "image"
    partial_images: int | None = None
    output_format: Any = None
    svg: Any = None

    def previews(self) -> int:
        return max(0, self.partial_images or 0)

    def is_bounded(self) -> bool:
        """Animations, and drawings that another model writes, have no published maximum."""
        return self.svg is None and self.output_format not in _NOT_BOUNDED


class ImageEdit(Image, frozen=True):
    """The pictures in the form have no published maximum in tokens."""

    is_form: ClassVar[bool] = True

    def is_bounded(self) -> bool:
        return False


class Speech(ParsedRequest, frozen=True):
    medium: ClassVar[Medium] = "speech"
    stream_format: Any = None

    def streams(self) -> bool:
        return bool(self.stream_format == "sse")


class Transcript(ParsedRequest, frozen=True):
    """A transcript of the recording in a form. A recording that is cut into chunks fills the
    model's context more than once."""

    medium: ClassVar[Medium] = "transcript"
    is_form: ClassVar[bool] = True
    chunked: bool = False

    def is_bounded(self) -> bool:
        return not self.chunked


def read_transcription(body: bytes, content_type: str | None) -> Transcript:
    """Parse the form of a transcription, or raise `BadRequest` naming the field."""
    form = read_form(body, content_type)
    return checked(
        Transcript(
            model=_model(form),
            stream=_boolean(form.text("stream")),
            chunked=form.has("chunking_strategy") or form.has("chunking_strategy[type]"),
        )
    )


def read_image_edit(body: bytes, content_type: str | None) -> ImageEdit:
    """Parse the form of an image edit, or raise `BadRequest` naming the field."""
    form = read_form(body, content_type)
    return checked(
        ImageEdit(
            model=_model(form),
            stream=_boolean(form.text("stream")),
            n=_number(form, "n"),
            partial_images=_number(form, "partial_images"),
        )
    )


def _model(form: Form) -> str:
    model = form.text("model")
    if model is None:
        raise BadRequest("`model` is required.", param="model", code="missing_required_parameter")
    return model


def _number(form: Form, name: str) -> int | None:
    text = form.text(name)
    if not text:
        return None
    if not _DIGITS.fullmatch(text):
        raise BadRequest(f"`{name}`: a whole number.", param=name)
    return int(text)


def _boolean(text: str | None) -> bool | None:
    known = {"true": True, "1": True, "false": False, "0": False, "": None}
    try:
        return None if text is None else known[text.strip().lower()]
    except KeyError:
        raise BadRequest("`stream`: `true` or `false`.", param="stream") from None


Read = Callable[[bytes, str | None], ParsedRequest]


def _json(read: Callable[[bytes], ParsedRequest]) -> Read:
    """Return a reader that ignores Content-Type: JSON is JSON, whatever that says of it."""
    return lambda body, _: read(body)


READERS: dict[str, Read] = {
    "/v1/audio/speech": _json(reader(Speech)),
    "/v1/audio/transcriptions": read_transcription,
    "/v1/audio/translations": read_transcription,
    "/v1/chat/completions": _json(reader(Chat)),
    "/v1/completions": _json(reader(Completion)),
    "/v1/embeddings": _json(reader(Embedding)),
    "/v1/images/edits": read_image_edit,
    "/v1/images/generations": _json(reader(Image)),
    "/v1/messages": _json(reader(Message)),
    "/v1/messages/count_tokens": _json(reader(TokenCount)),
    "/v1/moderations": _json(reader(Moderation)),
    "/v1/responses": _json(reader(Response)),
}
