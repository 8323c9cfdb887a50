from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest

Served = Callable[..., list[dict[str, Any]]]
M = "gpt-3.5-turbo-instruct"


def test_the_prompt_comes_back_up_to_the_cap(openai_client: openai.OpenAI) -> None:
    whole = openai_client.completions.create(model=M, prompt="one two three")
    assert (whole.choices[0].text, whole.choices[0].finish_reason) == ("one two three", "stop")
    capped = openai_client.completions.create(model=M, prompt="word " * 40)
    assert capped.choices[0].finish_reason == "length"
    assert capped.usage
    assert (capped.usage.prompt_tokens, capped.usage.completion_tokens) == (40, 16)


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        (["a b", "c"], ["a b", "a b", "c", "c"]),
        ([1, 2], ["1 2", "1 2"]),
        ([[1], [2]], ["1", "1", "2", "2"]),
    ],
)
def test_every_prompt_has_its_choices(
    openai_client: openai.OpenAI, prompt: Any, texts: list[str]
) -> None:
    answer = openai_client.completions.create(model=M, prompt=prompt, n=2)
    assert [choice.text for choice in answer.choices] == texts
    assert [choice.index for choice in answer.choices] == list(range(len(texts)))


def test_a_stream_is_the_same_in_pieces(openai_client: openai.OpenAI) -> None:
    chunks = list(
        openai_client.completions.create(
            model=M, prompt=["a b", "c"], stream=True, stream_options={"include_usage": True},
            echo=True,
        )
    )  # fmt: skip
    texts = ["", ""]
    for chunk in chunks[:-1]:
        texts[chunk.choices[0].index] += chunk.choices[0].text
    assert texts == ["a ba b", "cc"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == 3


def test_the_best_of_several_is_billed_for_all(
    openai_client: openai.OpenAI, served: Served
) -> None:
    answer = openai_client.completions.create(
        model=M, prompt="a b", best_of=4, extra_headers={"x-client-request-id": "best"}
    )
    assert answer.usage
    assert answer.usage.completion_tokens == 8
    [line] = served(client_request_id="best")
    assert (line["input_tokens"], line["output_tokens"]) == (2, 8)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"prompt": []}, "prompt"),
        ({"n": 0}, "n"),
        ({"best_of": 2, "n": 3}, "best_of"),
        ({"best_of": 2, "stream": True}, "best_of"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
    ],
)
def test_what_is_wrong_is_named(
    openai_client: openai.OpenAI, body: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as wrong:
        openai_client.completions.create(**{"model": M, "prompt": "x", **body})
    assert wrong.value.param == param
