"""Log lines: one JSON object each, in Logstash's format, a constant event name with fields.

    log = get_logger(__name__)
    log.info("ticket_closed", ticket=ticket_id, status="ok")

Lines are formatted and written by a thread behind a queue, not by the request that logs, those of
a moment in one write. Keys, tokens and passwords are masked in every string that passes, tracebacks
included; prompts are simply never logged.
"""

import atexit
import contextlib
import logging
import queue
import re
import sys
import time
import traceback
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from logging.handlers import QueueHandler, QueueListener
from typing import Any

from logstash_formatter import LogstashFormatterV1

from tollgate_common.settings import CommonSettings

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)

LOG_FILE_BYTES = 50 * 1024 * 1024
LOG_FILES_KEPT = 5
GATHER_SECONDS = 0.05

_SECRETS = re.compile(
    r"(?P<key>\btg_(?:live|test|client)_)\w+"
    r"|(?P<vendor>\bsk-(?:ant-)?)[\w-]{8,}"
    r"|(?P<jwt>\beyJ)[\w-]+\.[\w-]+(?:\.[\w-]*)?"
    r"|(?P<scheme>(?i:\bbearer|\bbasic)\s+)[^\s,;\"']+"
    r"|(?P<url>://[^\s:/@]*:)[^\s@/]+(?=@)"
)


# What every secret has in it, in small letters: most lines have none of these, and need no search.
_MARKS = ("tg_", "sk-", "eyj", "bearer", "basic", "://")


def mask(text: str) -> str:
    """The text with every secret it shows cut to its recognisable beginning."""
    if text.isascii() and not any(map(text.lower().__contains__, _MARKS)):
        return text
    return _SECRETS.sub(lambda found: f"{found.group(str(found.lastgroup))}***", text)


_lines: "queue.SimpleQueue[Any] | None" = None
"""What `configure` has made to take the process's lines."""


class EventLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger whose keyword arguments become fields of the line."""

    def process(
        self, msg: str, kwargs: MutableMapping[str, Any]
    ) -> tuple[str, MutableMapping[str, Any]]:
        exc_info = kwargs.pop("exc_info", None)
        return msg, {"exc_info": exc_info, "extra": {"fields": dict(kwargs)}}

    def note(self, event: str, **fields: Any) -> None:
        """`info` for what every single request says. It goes straight to the queue: making a record
        of it and passing that on costs more than everything else about the line."""
        if not self.isEnabledFor(logging.INFO):
            return
        if _lines is None:
            self.info(event, **fields)
        else:
            _lines.put(_line(event, "INFO", self.logger.name, time.time()) | fields)


def get_logger(name: str) -> EventLogger:
    return EventLogger(logging.getLogger(name), {})


def _line(message: str, level: str, logger: str, created: float) -> dict[str, Any]:
    return {
        "message": message,
        "level": level,
        "logger": logger,
        "created": created,
        "request_id": request_id.get(),
        "trace_id": trace_id.get(),
    }


class _EnqueueFields(QueueHandler):
    """Takes from a record what a line needs, in the caller's context, and queues just that."""

    def prepare(self, record: logging.LogRecord) -> dict[str, Any]:
        line = _line(record.getMessage(), record.levelname, record.name, record.created)
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return line


class _Stdout(logging.StreamHandler[Any]):
    """Keeps its lines until it is told to write them: each write wakes whoever reads them."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record) + self.terminator)

    def write_out(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            # Nobody reads any more, or the stream is closed: there is nowhere left to say so.
            with contextlib.suppress(OSError, ValueError):
                self.stream.write("".join(lines))
                self.stream.flush()


class _LineListener(QueueListener):
    """Hands the queued fields to the handlers as records. Once there is a line, it waits for those
    of the same moment, and all of them are one write."""

    def __init__(
        self, lines: "queue.SimpleQueue[Any]", stdout: _Stdout, *more: logging.Handler
    ) -> None:
        super().__init__(lines, stdout, *more)
        self._lines = lines
        self._stdout = stdout

    def dequeue(self, block: bool) -> Any:
        try:
            return self._lines.get_nowait()
        except queue.Empty:
            self._stdout.write_out()
        line = self._lines.get(block)
        time.sleep(GATHER_SECONDS)
        return line

    def handle(self, record: Any) -> None:
        super().handle(logging.makeLogRecord({"msg": record}))

    def stop(self) -> None:
        super().stop()
        self._stdout.write_out()


class _Fields:
    """What the formatter reads of a record: its fields, and nothing of logging's own."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.msg = fields


class JsonFormatter(LogstashFormatterV1):  # type: ignore[misc]  # the library is untyped
    """Logstash V1 lines with the service's name, secrets masked, unset fields left out."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.defaults = {"service": service}

    def format(self, record: Any) -> str:
        fields = record.msg if isinstance(record.msg, dict) else {"message": record.getMessage()}
        present = {name: value for name, value in fields.items() if value is not None}
        return mask(super().format(_Fields(present)))


def _listener(
    settings: CommonSettings, service: str, lines: "queue.SimpleQueue[Any]"
) -> _LineListener:
    stdout = _Stdout()
    handlers: list[logging.Handler] = [stdout]
    if settings.log_file:
        # Costs a third of a second to import, and few processes write a file.
        from concurrent_log_handler import ConcurrentRotatingFileHandler

        rotated = ConcurrentRotatingFileHandler(
            settings.log_file, maxBytes=LOG_FILE_BYTES, backupCount=LOG_FILES_KEPT
        )
        handlers.append(rotated)
    for handler in handlers:
        handler.setFormatter(JsonFormatter(service))
    return _LineListener(lines, stdout, *handlers[1:])


def configure(settings: CommonSettings, service: str) -> None:
    """Send the whole process's logging through the queue. Calling it again replaces the first."""
    global _lines
    lines: queue.SimpleQueue[Any] = queue.SimpleQueue()
    _lines = lines
    root = logging.getLogger()
    for handler in root.handlers:
        if isinstance(handler, _EnqueueFields):
            root.removeHandler(handler)
    root.addHandler(_EnqueueFields(lines))
    root.setLevel(settings.log_level)
    for noisy in ("urllib3", "werkzeug", "rq.worker"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Of what logging could find out for a record, lines show none (see its own HOWTO); but
    # gunicorn's own log shows the process.
    logging._srcfile = None
    logging.logThreads = logging.logMultiprocessing = False
    listener = _listener(settings, service, lines)
    listener.start()
    atexit.register(listener.stop)
