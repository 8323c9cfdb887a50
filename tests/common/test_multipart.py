"""A form is read as everyone else reads it, or refused."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.filepost import encode_multipart_formdata
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from tollgate_common.errors import TollgateError
from tollgate_common.multipart import LONGEST_HEAD, MOST_PARTS, read_form

TYPE = "multipart/form-data; boundary=limit"
NAMED = b'Content-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'


def form(*parts: tuple[bytes, bytes]) -> bytes:
    return b"".join(b"--limit\r\n" + NAMED % part for part in parts) + b"--limit--\r\n"


def test_fields_and_files_are_found_where_they_lie() -> None:
    body, kind = encode_multipart_formdata([
        ("model", "whisper-1"), ("stream", "true"), ("file", ('a".wav', b"\r\n--not\r\n\0\xff")),
    ])  # fmt: skip
    found = read_form(body, kind)
    assert (found.text("model"), found.text("stream")) == ("whisper-1", "true")
    assert found.text("prompt") is None
    [file] = [part for part in found.parts if part.is_file]
    assert body[file.start : file.end] == b"\r\n--not\r\n\0\xff"
    assert found.bytes_of_files() == 11


@pytest.mark.parametrize(
    ("content_type", "param", "status"),
    [
        (None, "content-type", 415),
        ("", "content-type", 415),
        ("application/json", "content-type", 415),
        ("multipart/mixed; boundary=limit", "content-type", 415),
        ("multipart/form-data", "content-type", 400),
        ("multipart/form-data; boundary=", "content-type", 400),
        ("multipart/form-data; boundary=" + "x" * 71, "content-type", 400),
        ("multipart/form-data; boundary=limit; boundary=other", "content-type", 400),
        ("multipart/form-data; boundary=limit; boundary*=utf-8''x", "content-type", 400),
        ("multipart/form-data; boundary=other", "body", 400),
    ],
)
def test_a_header_that_names_no_boundary(content_type: str | None, param: str, status: int) -> None:
    with pytest.raises(TollgateError) as wrong:
        read_form(form((b"model", b"m")), content_type)
    assert (wrong.value.param, wrong.value.http_status) == (param, status)


WHOLE = form((b"model", b"m"), (b"prompt", b"text"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--limit--\r\nmore",
        b"before\r\n" + WHOLE,
        WHOLE + b"after",
        WHOLE.replace(b"\r\n", b"\n"),
        WHOLE.replace(b"text", b"\n--limit\nContent-Disposition: form-data; name=model\n\nn"),
        WHOLE.replace(b"text", b"--limit"),
        WHOLE.replace(b"--limit\r\n", b"--limit \r\n"),
        WHOLE.replace(b'; name="prompt"', b""),
        WHOLE.replace(b'name="prompt"', b'name="prompt"; name="model"'),
        WHOLE.replace(b'name="prompt"', b"name*=utf-8''model"),
        WHOLE.replace(b'name="prompt"', b'name="mo\\del"'),
        WHOLE.replace(b"form-data", b"attachment"),
        WHOLE.replace(b'"prompt"\r\n', b'"prompt"\r\nContent-Disposition: form-data; name=x\r\n'),
        WHOLE.replace(b'"prompt"\r\n', b'"prompt"\r\nContent-Transfer-Encoding: base64\r\n'),
        WHOLE.replace(b'"prompt"\r\n', b'"prompt"\r\n folded\r\n'),
        WHOLE.replace(b'"prompt"\r\n', b'"prompt"\r\nX: ' + b"x" * LONGEST_HEAD + b"\r\n"),
        form(*[(b"a", b"b")] * (MOST_PARTS + 1)),
    ],
)
def test_what_parsers_may_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(TollgateError) as wrong:
        read_form(body, TYPE)
    assert wrong.value.http_status == 400
    assert wrong.value.param == "body" or wrong.value.param == "prompt"


@pytest.mark.parametrize("length", range(len(WHOLE) - 2))
def test_a_form_that_breaks_off_is_refused_wherever_it_does(length: int) -> None:
    with pytest.raises(TollgateError) as wrong:
        read_form(WHOLE[:length], TYPE)
    assert (wrong.value.http_status, wrong.value.param) == (400, "body")


@pytest.mark.parametrize(
    "body",
    [
        form((b"model", b"a"), (b"model", b"b")),
        WHOLE.replace(b'name="model"', b'name="model"; filename="x"'),
        WHOLE.replace(b'"model"\r\n', b'"model"\r\nContent-Type: text/plain; charset=utf-16\r\n'),
        form((b"model", b"\xff")),
    ],
)
def test_a_field_that_is_no_plain_text_is_named(body: bytes) -> None:
    with pytest.raises(TollgateError) as wrong:
        read_form(body, TYPE).text("model")
    assert wrong.value.param == "model"


def status_of(body: bytes) -> int | None:
    """With which status it is refused; None when it is read."""
    try:
        read_form(body, TYPE)
    except TollgateError as refusal:
        return refusal.http_status
    return None


@given(st.binary(max_size=300))
def test_garbage_is_never_more_than_a_refusal(body: bytes) -> None:
    for garbage in (body, b"--limit\r\n" + body + b"--limit--"):
        assert status_of(garbage) in (None, 400, 413, 415)


TEXT = st.text(max_size=20).filter(lambda text: "\r" not in text and "\n" not in text)


@given(st.lists(st.tuples(st.sampled_from("abc"), TEXT), max_size=6), st.binary(max_size=50))
def test_it_reads_what_another_parser_reads(fields: list[tuple[str, str]], file: bytes) -> None:
    body, kind = encode_multipart_formdata([*fields, ("file", ("f", file)), ("model", "m")])
    found = read_form(body, kind)
    builder = EnvironBuilder(method="POST", data=body, content_type=kind)
    ours = [(p.name, body[p.start : p.end].decode()) for p in found.parts if not p.is_file]
    with Request(builder.get_environ()) as other:
        assert sorted(ours) == sorted(other.form.items(multi=True))
        assert other.files["file"].read() == file
    builder.close()


def test_another_value_changes_nothing_else() -> None:
    found = read_form(WHOLE, TYPE)
    assert found.with_text("model", "other") == WHOLE.replace(b"\r\nm\r\n", b"\r\nother\r\n")
    assert found.with_text("unknown", "x") == WHOLE
    lengths = WHOLE.replace(b'"model"\r\n', b'"model"\r\nContent-Length: 1\r\n')
    changed = read_form(lengths, TYPE).with_text("model", "other")
    assert changed == lengths.replace(b"Length: 1\r\n\r\nm", b"Length: 5\r\n\r\nother")


def test_a_digest_does_not_depend_on_the_boundary() -> None:
    other = read_form(WHOLE.replace(b"limit", b"other"), TYPE.replace("limit", "other"))
    assert read_form(WHOLE, TYPE).digest() == other.digest()
    assert read_form(form((b"model", b"n")), TYPE).digest() != other.digest()


def test_a_large_file_is_not_copied() -> None:
    body = form((b"model", b"m"), (b"file", b"\0" * 8_000_000))
    tracemalloc.start()
    read_form(body, TYPE).digest()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100_000
