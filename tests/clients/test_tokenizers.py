"""Many more texts than are recorded, counted by a published tokeniser: none has more tokens than
would be reserved for it."""

import json
import random

from tests.contracts import token_samples
from tests.contracts.record_token_counts import count
from tollgate_gateway.parsed_requests.input_bound import bound_input
from tollgate_gateway.parsed_requests.text_tokens import text_tokens

TEXTS, REQUESTS, LONGEST = 2000, 500, 800


def test_no_text_and_no_chat_has_more_tokens_than_are_reserved() -> None:
    seed = random.SystemRandom().getrandbits(32)
    texts = token_samples.texts(seed, TEXTS, LONGEST)
    requests = token_samples.chat_requests(seed, REQUESTS)
    counted = count(texts, requests)
    for encoding, tokens in counted["texts"].items():
        most = zip(texts, tokens, strict=True)
        assert [text for text, each in most if each > text_tokens(text)] == [], (seed, encoding)
    for request, tokens in zip(requests, counted["requests"], strict=True):
        body = json.dumps({"model": "m", **request}).encode()
        assert tokens <= bound_input(body).text_tokens, (seed, request)
