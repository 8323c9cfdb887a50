"""How vendors say that a conversation does not fit into a model."""

import json

import pytest

from tollgate_llm.inference.retrying import is_too_long

SAID = {
    "openai": "This model's maximum context length is 8192 tokens, and you asked for 9000.",
    "openai_responses": "Your input exceeds the context window of this model.",
    "anthropic": "prompt is too long: 210000 tokens > 200000 maximum",
    "anthropic_with_output": "input length and `max_tokens` exceed context limit: 190000 + 20000 > "
    "200000, decrease input length or `max_tokens` and try again",
    "llama.cpp": "the request exceeds the available context size. try increasing the context size",
    "gemini": "The input token count (1200000) exceeds the maximum number of tokens allowed "
    "(1048576).",
    "vllm": "The decoder prompt (length 9000) is longer than the maximum model length of 8192.",
    "bedrock": "Input is too long for requested model.",
    "cohere": "too many tokens: total number of tokens in the prompt cannot exceed 4081",
    "groq": "Please reduce the length of the messages or completion.",
    "mistral": "Prompt contains 40000 tokens, too large for model with 32768 maximum length",
}


@pytest.mark.parametrize("words", SAID.values(), ids=SAID)
@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_conversation_that_is_too_long_is_known_by_the_vendors_words(
    words: str, status: int
) -> None:
    body = json.dumps({"error": {"message": words}}).encode()
    assert is_too_long(status, body)
    assert not is_too_long(429, body)


def test_it_is_known_by_llama_cpps_type_alone() -> None:
    body = {"error": {"code": 400, "message": "", "type": "exceed_context_size_error"}}
    assert is_too_long(400, json.dumps(body).encode())


@pytest.mark.parametrize("words", ["max_tokens is too large", "Invalid model", "Bad request"])
def test_other_refusals_are_none(words: str) -> None:
    assert not is_too_long(400, json.dumps({"error": {"message": words}}).encode())
