"""Images and documents: by their address, or in the request as a data URL."""

from base64 import b64decode
from mimetypes import guess_type
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from tollgate_llm.dialects.translation import Json

_IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")


class Data(NamedTuple):
    media_type: str
    is_base64: bool
    data: str

    def text(self) -> str | None:
        """None for what is no text."""
        try:
            raw = b64decode(self.data) if self.is_base64 else unquote_to_bytes(self.data)
            return raw.decode()
        except ValueError:
            return None


def image_source(url: str) -> Json | None:
    """None for what no image is read from."""
    if url.startswith(("https://", "http://")):
        return {"type": "url", "url": url}
    image = _data(url)
    if image is None or not image.is_base64:
        return None
    media_type = "image/jpeg" if image.media_type == "image/jpg" else image.media_type
    if media_type not in _IMAGES:
        return None
    return {"type": "base64", "media_type": media_type, "data": image.data}


def document_source(given: str, filename: str) -> Json | None:
    """A PDF or a text. Bare base64 is of the type that the file's name tells."""
    document = _data(given) or Data(guess_type(filename)[0] or "", True, given)
    if document.media_type == "application/pdf" and document.is_base64:
        return {"type": "base64", "media_type": "application/pdf", "data": document.data}
    text = document.text() if document.media_type.startswith("text/") else None
    return None if text is None else {"type": "text", "media_type": "text/plain", "data": text}


def _data(url: str) -> Data | None:
    if not url.startswith("data:"):
        return None
    head, _, data = url.removeprefix("data:").partition(",")
    media_type, *options = (each.strip().lower() for each in head.split(";"))
    return Data(media_type or "text/plain", "base64" in options, data)
