"""What has to be known of a request's body, in JSON or in a form."""

from typing import Any

import msgspec

from tollgate_common.errors import BadRequest
from tollgate_common.multipart import Form, read_form
from tollgate_llm.inference import splice
from tollgate_llm.inference.headers import Environ
from tollgate_llm.inference.protocols import Protocol


class Asked(msgspec.Struct):
    """The rest is the provider's to read. A form has none of the members but its model."""

    model: str
    stream: Any = None
    stream_options: Any = msgspec.UNSET
    prompt_cache_key: Any = None
    metadata: Any = None
    store: Any = None

    @property
    def wants_usage(self) -> bool:
        options = self.stream_options
        return isinstance(options, dict) and options.get("include_usage") is True

    def renamed(self, body: bytes, model: str) -> bytes:
        """The body asking for another model, every other byte as it was."""
        return splice.with_model(body, model)


class AskedInForm(Asked, kw_only=True):
    """A form's bytes are their own index: `form` knows where its fields lie."""

    form: Form

    def renamed(self, body: bytes, model: str) -> bytes:
        return self.form.with_text("model", model)


class _Defaulted(Asked, kw_only=True):
    model: str = ""


_decode = msgspec.json.Decoder(Asked).decode
_decode_defaulted = msgspec.json.Decoder(_Defaulted).decode


def peek(protocol: Protocol, body: bytes, environ: Environ) -> Asked:
    """`BadRequest` naming the field when it is wrong."""
    if protocol.form:
        form = read_form(body, str(environ.get("CONTENT_TYPE", "")))
        return AskedInForm(model=_named(form.text("model")), form=form)
    if protocol.default_model is None:
        return _decoded(_decode, body)
    asked = _decoded(_decode_defaulted, body)
    asked.model = asked.model or protocol.default_model
    return asked


def _decoded(decode: Any, body: bytes) -> Asked:
    try:
        asked: Asked = decode(body)
    except msgspec.ValidationError:
        raise _unnamed() from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise BadRequest("The body is not valid JSON.", param="body", code="invalid_json") from None
    return asked


def _named(model: str | None) -> str:
    if not model:
        raise _unnamed()
    return model


def _unnamed() -> BadRequest:
    return BadRequest("`model` must be the name of a model.", param="model")
