"""`x-tollgate-tags`, from the header as WSGI has it."""

import pytest

from tollgate_common.errors import BadRequest
from tollgate_gateway.inference.tags import parse_tags


@pytest.mark.parametrize(
    ("sent", "tags"),
    [
        (b"team=blue, feature = search", {"team": "blue", "feature": "search"}),
        ("team=Süd".encode(), {"team": "Süd"}),
        ("team=Süd".encode("latin-1"), {"team": "Süd"}),
        ("größe=二十,🧭=x=y".encode(), {"größe": "二十", "🧭": "x=y"}),
        ("name=" + "語" * 64, {"name": "語" * 64}),
        (b"team=", {"team": ""}),
        (b"", {}),
    ],
)
def test_tags_are_what_was_written(sent: bytes | str, tags: dict[str, str]) -> None:
    raw = sent if isinstance(sent, bytes) else sent.encode()
    assert parse_tags(raw.decode("latin-1")) == tags


@pytest.mark.parametrize(
    "sent",
    [
        "team", "=blue", "team=blue,", " =x", "a" * 65 + "=x", "name=" + "語" * 65,
        "team=bl\tue", "te\x7fam=x", "team=x\x85x", "team=\x1b[31m",
        ",".join(f"t{number}=x" for number in range(17)),
    ],
)  # fmt: skip
def test_what_are_no_tags_is_refused_by_the_headers_name(sent: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_tags(sent.encode().decode("latin-1"))
    assert refused.value.param == "x-tollgate-tags"
