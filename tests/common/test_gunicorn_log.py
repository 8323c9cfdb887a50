import logging
import os

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from tollgate_common.gunicorn_log import DiscreetLogger
from tollgate_common.logging import configure
from tollgate_common.settings import CommonSettings


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> DiscreetLogger:
    logger = DiscreetLogger(Config())
    logger.error_log.addHandler(caplog.handler)
    return logger


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Invalid HTTP Header: 'authorization Bearer s3cret'", "Invalid HTTP Header"),
        ('Invalid HTTP request line: "it\'s s3cret"', "Invalid HTTP request line"),
        ("Invalid HTTP method: 's3cret': 's3cret'", "Invalid HTTP method"),
        ("limit request headers fields size", "limit request headers fields size"),
    ],
)
def test_a_broken_request_is_told_without_what_was_broken(
    log: DiscreetLogger, caplog: pytest.LogCaptureFixture, said: str, kept: str
) -> None:
    complaint = f"Invalid request from ip=192.0.2.1: {said}"  # as gunicorn formats it
    log.warning(complaint)
    assert f"ip=192.0.2.1: {kept}" in caplog.text
    assert "s3cret" not in caplog.text


def test_gunicorns_own_format_has_all_it_shows_once_our_logging_is_set_up(
    log: DiscreetLogger, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """A record that cannot be formatted is told with the request that it complains of."""
    configure(CommonSettings.load({"log_level": "INFO"}), "test")
    caplog.handler.setFormatter(logging.Formatter(Logger.error_fmt))
    log.warning("Invalid request from ip=192.0.2.1: Invalid HTTP Header: 's3cret'")
    assert f"[{os.getpid()}]" in caplog.text
    assert "Logging error" not in capsys.readouterr().err


def test_an_address_is_told_without_its_query(
    log: DiscreetLogger, caplog: pytest.LogCaptureFixture
) -> None:
    log.exception("Error handling request %s %s", "GET", "/x/download?token=s3cret")
    assert "GET /x/download" in caplog.text
    assert "s3cret" not in caplog.text


def test_other_words_are_left_alone(log: DiscreetLogger, caplog: pytest.LogCaptureFixture) -> None:
    log.warning("Worker 'one' of %s", 2)
    log.error("No 'app'?")
    assert "Worker 'one' of 2" in caplog.text
    assert "No 'app'?" in caplog.text
    assert caplog.records[0].levelno == logging.WARNING
