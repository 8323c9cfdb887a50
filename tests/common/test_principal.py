"""Which models a key or a limit is for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_common.principal import covers, folded

NAMES = st.text(alphabet="gptGPTo4-K\u212aÄäİ./", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("glob", "model", "expected"),
    [
        ("gpt-4o-mini", "gpt-4o-mini", True),
        ("gpt-4o-mini", "GPT-4o-mini", True),
        ("GPT-4O-*", "gpt-4o-mini", True),
        ("gpt-4o-[a-m]ini", "gpt-4o-MINI", True),
        ("claude-*", "Claude-Sonnet-4-5", True),
        ("grok", "gro\u212a", True),  # the sign of a kelvin, which prices are found with, too
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-4o", "gpt-4o ", False),
        ("gpt-?o", "GPT-4.1o", False),
    ],
)
def test_a_glob_covers_a_model_whatever_its_case(glob: str, model: str, expected: bool) -> None:
    assert covers((glob,), model) is expected
    assert covers(("other", glob), model) is expected


@given(NAMES, st.lists(st.booleans(), min_size=12, max_size=12))
def test_every_spelling_of_a_name_is_covered_by_the_same_globs(
    name: str, raised: list[bool]
) -> None:
    spelled = "".join(
        letter.upper() if up and letter.upper().lower() == letter.lower() else letter
        for letter, up in zip(name, raised, strict=False)
    )
    assert folded(spelled) == folded(name)
    assert covers((name,), spelled)
    assert covers((f"{name[:3]}*",), spelled)
