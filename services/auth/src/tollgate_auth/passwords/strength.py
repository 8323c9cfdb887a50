"""How hard a new password is to guess, by zxcvbn, as common passwords and patterns go.

The first 72 characters are looked at, with what anybody would try first for this user: their
address, the organisation's name and ours. Existing passwords are not looked at again.
"""

import itertools
import math
import re

from zxcvbn_rs_py import zxcvbn

from tollgate_auth.passwords.errors import WeakPassword

MIN_SCORE = 2
LOOKED_AT = 72
OURS = "tollgate"
MAX_READINGS = 32
"""Ways to read signs as letters that are tried. Each takes as long as reading the text as it is:
some milliseconds, in which no other thread runs."""
_SIGNS_OF_A_LETTER = ("4@", "({[<", "69", "1!|", "1|7", "$5", "+7")


def check(password: str, email: str, organisation: str, param: str = "password") -> None:
    """`WeakPassword`, which names the caller's field, where fewer than a million guesses would find
    the password."""
    text = password[:LOOKED_AT]
    if _readings(text) > MAX_READINGS:
        return
    # Typed as a number, the score is an enumeration of its own, which compares with nothing.
    if int(zxcvbn(text, _guesses_of(email, organisation)).score) < MIN_SCORE:
        raise WeakPassword(param)


def _readings(text: str) -> int:
    """Return in how many ways the text's signs may stand for letters ("$" and "5" for "s"). A word
    uses one sign for a letter: a text of many ways has several parts, with many signs in each, and
    takes more guesses than are asked for."""
    return math.prod(max(1, sum(sign in text for sign in signs)) for signs in _SIGNS_OF_A_LETTER)


def _guesses_of(email: str, organisation: str) -> list[str]:
    """Return the address and the names, whole, in one word, and in parts, in lower case."""
    names = [email, *email.split("@"), organisation, OURS]
    split = [re.split(r"[\W_]+", name) for name in names]
    joined, parts = map("".join, split), itertools.chain.from_iterable(split)
    words = [word.lower()[:LOOKED_AT] for word in (*names, *joined, *parts)]
    return list(dict.fromkeys(word for word in words if len(word) > 1))
