from __future__ import annotations

import math

import anthropic
import openai
import pytest


def test_vectors_are_of_unit_length_and_the_same_every_time(openai_client: openai.OpenAI) -> None:
    first, second = (
        openai_client.embeddings.create(model="e", input=["a text", "another"]) for _ in range(2)
    )
    assert [each.index for each in first.data] == [0, 1]
    assert len(first.data[0].embedding) == 1536
    assert math.hypot(*first.data[0].embedding) == pytest.approx(1, abs=1e-5)
    assert first.data[0].embedding == second.data[0].embedding
    assert first.data[0].embedding != first.data[1].embedding
    assert first.usage.prompt_tokens == 3


def test_dimensions_and_both_encodings_are_honoured(openai_client: openai.OpenAI) -> None:
    packed, plain = (
        openai_client.embeddings.create(
            model="e", input="a", dimensions=8, encoding_format=encoding
        ).data[0]
        for encoding in ("base64", "float")
    )
    assert isinstance(packed.embedding, str)
    assert len(plain.embedding) == 8
    decoded = openai_client.embeddings.create(model="e", input="a", dimensions=8).data[0]
    assert decoded.embedding == pytest.approx(plain.embedding, abs=1e-6)


@pytest.mark.parametrize(("inputs", "dimensions"), [(257, None), (2048, 1536), (7, 65536)])
def test_a_small_request_does_not_make_a_huge_answer(
    openai_client: openai.OpenAI, inputs: int, dimensions: int | None
) -> None:
    size = openai.omit if dimensions is None else dimensions
    with pytest.raises(openai.BadRequestError, match="at most 393216 numbers") as refused:
        openai_client.embeddings.create(model="e", input=["a"] * inputs, dimensions=size)
    assert refused.value.param == "input"


def test_many_inputs_of_few_dimensions_are_embedded(openai_client: openai.OpenAI) -> None:
    answer = openai_client.embeddings.create(model="e", input=["a"] * 2048, dimensions=64)
    assert len(answer.data) == 2048


@pytest.mark.parametrize(("given", "vectors"), [([1, 2, 3], 1), ([[1, 2], [3]], 2)])
def test_tokens_are_taken_for_text(
    openai_client: openai.OpenAI, given: list[int], vectors: int
) -> None:
    answer = openai_client.embeddings.create(model="e", input=given)
    assert len(answer.data) == vectors
    assert answer.usage.prompt_tokens == 3


def test_models_are_listed_in_the_callers_shape(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
) -> None:
    names = [model.id for model in openai_client.models.list()]
    assert "sandbox-cut" in names
    assert [model.id for model in anthropic_client.models.list()] == names


def test_every_name_is_a_model(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
) -> None:
    assert openai_client.models.retrieve("gpt-5").object == "model"
    assert anthropic_client.models.retrieve("claude").display_name == "claude"
