"""An answer as it is parsed: llhttp, in C, calls what is below."""

from geventhttpclient._parser import HTTPParseError, HTTPResponseParser

FIRST_FINAL_STATUS = 200


class Parser(HTTPResponseParser):
    """One answer. Feed it what arrives, and b"" when nothing more will; `HTTPParseError` when that
    is no answer, or half of one, or more than one.

    `headers` are as they came, repeats included. `body` is what has arrived of it and has not been
    taken. What comes before the answer (1xx) is passed over.
    """

    def __init__(self, method: str) -> None:
        super().__init__()
        self._has_no_body = method == "HEAD"
        self._names: list[str] = []
        self._values: list[str] = []
        self._in_name = False
        self._begun = False
        self.body = bytearray()
        self.is_final = False
        self.complete = False

    def feed(self, data: bytes) -> None:  # type: ignore[override]  # never text
        super().feed(data)
        if not data and not self.complete:
            raise HTTPParseError("connection closed.")

    @property
    def headers(self) -> list[tuple[str, str]]:
        return list(zip(self._names, self._values, strict=True))

    def _on_message_begin(self) -> None:
        if self.is_final:
            raise HTTPParseError("more than one answer")
        self._names, self._values = [], []

    def _on_status(self, text: str) -> None:
        pass

    def _on_header_field(self, part: str) -> None:
        if self.is_final:  # a trailer
            return
        if self._in_name:
            self._names[-1] += part
        else:
            self._in_name = True
            self._names.append(part)
            self._values.append("")

    def _on_header_value(self, part: str) -> None:
        if not self.is_final:
            self._in_name = False
            self._values[-1] += part

    def _on_headers_complete(self) -> bool:
        self.is_final = self.get_code() >= FIRST_FINAL_STATUS
        return self._has_no_body

    def _on_body(self, part: bytearray) -> None:
        self.body += part

    def _on_message_complete(self) -> None:
        self.complete = self.is_final
