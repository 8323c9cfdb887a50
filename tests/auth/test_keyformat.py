import string

from hypothesis import given
from hypothesis import strategies as st

from tollgate_common import keyformat

BASE62 = string.digits + string.ascii_letters


@given(st.sampled_from(["live", "test"]))
def test_a_generated_key_is_recognised(mode: keyformat.Kind) -> None:
    key = keyformat.generate(mode)
    assert key.startswith(f"tg_{mode}_")
    assert len(key) == 46
    assert keyformat.looks_valid(key)


@given(st.integers(8, 45), st.sampled_from(BASE62))
def test_any_one_wrong_character_is_noticed(place: int, character: str) -> None:
    key = keyformat.generate("live")
    mistyped = key[:place] + character + key[place + 1 :]
    assert keyformat.looks_valid(mistyped) == (mistyped == key)


@given(st.text())
def test_no_other_text_is_taken_for_a_key(text: str) -> None:
    assert not keyformat.looks_valid(text)


def test_keys_do_not_repeat_and_their_hashes_tell_them_apart() -> None:
    keys = {keyformat.generate("test") for _ in range(1000)}
    assert len({keyformat.hash_of(key) for key in keys}) == 1000
