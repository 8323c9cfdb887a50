"""Texts that are hard on tokenisers, and chat requests made of them: the same for the same seed."""

import base64
import random
from typing import Any

LONGEST = 120
ALPHABETS = {
    "cjk": "界語漢字かな交じり文,。!?「」한글조합ㅎㅏㄴ",
    "combining": "e\u0301a\u0327\u0338o\u0302\u0323\u0e33\u0e48\u0915\u094d\u064e\ufdfa",
    "compatible": "½㌖ﬃ①™",
    "emoji": "👩‍👩‍👧‍👦🧑🏽‍🚀🇩🇪🏴󠁧󠁢󠁥󠁮󠁧󠁿😀❤️🔥\u200d\ufe0f",
    "control": "\x00\x01\x07\x08\x0b\x0c\x1b\x1f\x7f\x80\x9f\u00ad\u200b\u2028\u2029\ufeff\ufffd",
    "space": " \t\n\r\u00a0\u2003\u3000\u1680",
    "digits": "0123456789٣٤५६",
    "signs": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~§±«»–—…",
    "mixed": "aZqXjJ_09 ",
}
WORDS = ("the", "tokens", "Straße", "naïve", "def", "return", "SELECT", "über", "été", "привет",
         "γειά", "שלום", "مرحبا", "नमस्ते", "สวัสดี", "<|endoftext|>", "<|im_start|>")  # fmt: skip
CODE = 'for (let i = 0; i < n; ++i) {\n\tconst x = `${a[i]}`; // "quoted"\n}\n    return None  \n'


def texts(seed: int, number: int, longest: int = LONGEST) -> list[str]:
    """Return so many texts of up to so many characters, none of them empty."""
    chance = random.Random(seed)
    makers = (_of_alphabet, _of_anything, _of_words, _of_code, _repeated, _encoded)
    return [chance.choice(makers)(chance, longest) or "x" for _ in range(number)]


def chat_requests(seed: int, number: int) -> list[dict[str, Any]]:
    """Return so many requests of messages and functions."""
    chance = random.Random(seed)
    return [_chat_request(chance) for _ in range(number)]


def _of_alphabet(chance: random.Random, longest: int) -> str:
    letters = chance.choice(list(ALPHABETS.values()))
    return "".join(chance.choices(letters, k=chance.randint(1, longest)))


def _of_anything(chance: random.Random, longest: int) -> str:
    highest = chance.choice((0xFF, 0xFFFF, 0x10FFFF))
    points = (chance.randint(0, highest) for _ in range(chance.randint(1, longest // 3)))
    return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)


def _of_words(chance: random.Random, longest: int) -> str:
    gap = chance.choice((" ", "  ", "\n", "", "-"))
    return gap.join(chance.choices(WORDS, k=chance.randint(1, max(1, longest // 8))))[:longest]


def _of_code(chance: random.Random, longest: int) -> str:
    begin = chance.randrange(len(CODE))
    return (CODE[begin:] + CODE * (longest // len(CODE)))[: chance.randint(1, longest)]


def _repeated(chance: random.Random, longest: int) -> str:
    letters = "".join(ALPHABETS.values())
    unit = "".join(chance.choices(letters, k=chance.randint(1, 4)))
    return unit * chance.randint(1, max(1, longest // len(unit)))


def _encoded(chance: random.Random, longest: int) -> str:
    data = chance.randbytes(chance.randint(1, longest // 2))
    return chance.choice((base64.b64encode(data).decode(), data.hex()))[:longest]


def _chat_request(chance: random.Random) -> dict[str, Any]:
    said = texts(chance.getrandbits(32), chance.randint(1, 6))
    messages = [
        {"role": chance.choice(("system", "user", "assistant")), "content": text} for text in said
    ]
    if chance.random() < 0.3:
        messages[0]["name"] = "ann"
    functions = [_function(chance) for _ in range(chance.randint(0, 3))]
    return {"messages": messages, **({"functions": functions} if functions else {})}


def _function(chance: random.Random) -> dict[str, Any]:
    return {
        "name": f"f{chance.randrange(1000)}",
        "description": texts(chance.getrandbits(32), 1)[0],
        "parameters": _object(chance, 2),
    }


def _object(chance: random.Random, depth: int) -> dict[str, Any]:
    names = texts(chance.getrandbits(32), chance.randint(0, 4), 12)
    properties = {name: _property(chance, depth) for name in names}
    return {"type": "object", "properties": properties, "required": names[:1]}


def _property(chance: random.Random, depth: int) -> dict[str, Any]:
    kind = chance.choice(("string", "number", "boolean", "enum", "array", "object"))
    about = {"description": texts(chance.getrandbits(32), 1, 40)[0]}
    if kind == "enum":
        return {"type": "string", "enum": texts(chance.getrandbits(32), 3, 8), **about}
    if kind == "object" and depth:
        return {**_object(chance, depth - 1), **about}
    if kind == "array":
        return {"type": "array", "items": {"type": "string"}, **about}
    return {"type": "string" if kind == "object" else kind, **about}
