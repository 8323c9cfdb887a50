"""Streams on their way through a translation end as they ended: only the event that ends an answer
of the provider's dialect makes a whole one, and what cannot be read is an error and no hole."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.llm.inference.translated_events import (
    CHUNKS,
    EVENTS,
    LOOKED,
    RESPONSE_EVENTS,
    SPOKEN,
    Event,
    chunk,
)
from tests.proofs import rounds
from tollgate_llm.dialects.registry import between, over_responses
from tollgate_llm.inference.failed_events import failure_in
from tollgate_llm.inference.protocols import CHAT, MESSAGES, RESPONSES, Protocol
from tollgate_llm.inference.translating import EventTranslator

ASKED: dict[str, Any] = {
    CHAT.path: {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    MESSAGES.path: {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]},
    RESPONSES.path: {"model": "m", "input": "hi"},
}


DIRECTIONS = [
    pytest.param(MESSAGES, CHAT, CHUNKS, 5, id="messages over chat"),
    pytest.param(MESSAGES, RESPONSES, RESPONSE_EVENTS, 10, id="messages over responses"),
    pytest.param(CHAT, MESSAGES, EVENTS, 7, id="chat over messages"),
    pytest.param(RESPONSES, MESSAGES, EVENTS, 7, id="responses over messages"),
]


def translator(caller: Protocol, provider: Protocol) -> EventTranslator:
    translation = between(caller.path, provider.dialect)
    if provider is RESPONSES:
        translation = over_responses(caller.path)
    assert translation is not None
    assert translation.path == provider.path
    return EventTranslator(translation.stream(ASKED[caller.path]), caller, provider)


def encoded(event: Any) -> bytes:
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def texts(out: bytes) -> str:
    """What the model said, in any dialect."""
    said = []
    for event in out.split(b"\n\n"):
        data = event.rpartition(b"data: ")[2]
        if not data.startswith(b"{"):
            continue
        told = json.loads(data)
        if told.get("type") == "content_block_delta":
            said.append(told["delta"].get("text", ""))
        elif told.get("type") == "response.output_text.delta":
            said.append(told["delta"])
        said += [choice["delta"].get("content") or "" for choice in told.get("choices", ())]
    return "".join(said)


class TestOnlyAnEndMakesAWholeAnswer:
    @pytest.mark.parametrize(("caller", "provider", "events", "ending"), DIRECTIONS)
    def test_cut_after_every_event(
        self, caller: Protocol, provider: Protocol, events: list[Event], ending: int
    ) -> None:
        for count in range(len(events) + 1):
            cut = translator(caller, provider)
            for event in events[:count]:
                cut.feed(encoded(event))
            assert (cut.is_whole, cut.failure) == (count > ending, None), count

    def test_done_is_an_end_whatever_was_said_before(self) -> None:
        stream = translator(MESSAGES, CHAT)
        stream.feed(encoded(SPOKEN[0]))
        assert not stream.is_whole
        stream.feed(b"data: [DONE]\n\n")
        assert stream.is_whole

    @pytest.mark.parametrize("provider", [RESPONSES, MESSAGES])
    def test_done_is_no_end_where_another_event_is(self, provider: Protocol) -> None:
        stream = translator(MESSAGES if provider is RESPONSES else CHAT, provider)
        stream.feed(encoded((RESPONSE_EVENTS if provider is RESPONSES else EVENTS)[0]))
        stream.feed(b"data: [DONE]\n\n")
        assert not stream.is_whole

    def test_a_message_that_stops_without_a_reason_has_ended(self) -> None:
        stream = translator(CHAT, MESSAGES)
        for event in (*EVENTS[:4], EVENTS[-1]):
            out = stream.feed(encoded(event))
        assert stream.is_whole
        assert b'"finish_reason":"stop"' in out

    @pytest.mark.parametrize("reason", ["stop", "length", "content_filter", "tool_calls", "eos"])
    def test_any_reason_ends_a_completion(self, reason: str) -> None:
        stream = translator(MESSAGES, CHAT)
        stream.feed(encoded(chunk({"content": "hi"}, finish_reason=reason)))
        assert stream.is_whole


class TestFailuresInTheMiddle:
    @pytest.mark.parametrize(
        ("event", "status", "words"),
        [
            ({"error": {"message": "Slow down.", "code": 429}}, 429, "Slow down."),
            ([{"error": {"message": "Quota.", "status": "RESOURCE_EXHAUSTED"}}], 429, "Quota."),
            ({"detail": "Out of memory"}, 502, "Out of memory"),
            ({"detail": [{"msg": "field required"}]}, 502, "field required"),
            ({"message": "Broken", "code": 500}, 500, "Broken"),
            (
                chunk({"content": ""}, error={"message": "No credit.", "code": 402}),
                402,
                "No credit.",
            ),
            (chunk({}, finish_reason="error"), 502, "the model stopped with `error`"),
            (
                chunk({}, finish_reason="insufficient_system_resource"),
                503,
                "the model stopped with `insufficient_system_resource`",
            ),
            (
                {"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}},
                529,
                "Busy",
            ),
            ({"type": "error", "message": "Odd"}, 502, "Odd"),
        ],
    )
    def test_the_words_and_the_kind_are_kept(self, event: Any, status: int, words: str) -> None:
        stream = translator(MESSAGES, CHAT)
        stream.feed(encoded(SPOKEN[0]))
        assert stream.feed(encoded(event) + encoded(SPOKEN[1])) == b""
        assert stream.failure is not None
        assert (stream.failure.status, stream.failure.words) == (status, words)

    @pytest.mark.parametrize(
        ("event", "status", "words"),
        [
            (
                {
                    "type": "response.failed",
                    "response": {
                        "status": "failed",
                        "error": {"code": "server_error", "message": "Sorry."},
                    },
                },
                500,
                "Sorry.",
            ),
            (
                {
                    "type": "response.failed",
                    "response": {"error": {"code": "rate_limit_exceeded", "message": "Slow."}},
                },
                429,
                "Slow.",
            ),
            ({"type": "response.failed", "response": None}, 502, "no reason given"),
            ({"type": "error", "code": "server_error", "message": "Odd."}, 500, "Odd."),
            (
                {"type": "response.completed", "response": {"output": [{**LOOKED, "name": ""}]}},
                502,
                "an event of its stream cannot be understood",
            ),
        ],
    )
    def test_a_response_that_fails_keeps_its_words(
        self, event: Event, status: int, words: str
    ) -> None:
        stream = translator(MESSAGES, RESPONSES)
        stream.feed(encoded(RESPONSE_EVENTS[0]))
        stream.feed(encoded(event))
        assert stream.failure is not None
        assert (stream.failure.status, stream.failure.words) == (status, words)
        assert not stream.is_whole

    @pytest.mark.parametrize("data", [b"{", b"nope", b"[]", b'"text"', b"3", b'{"a":"\xff"}'])
    def test_what_cannot_be_read_is_an_error(self, data: bytes) -> None:
        stream = translator(CHAT, MESSAGES)
        stream.feed(encoded(EVENTS[0]))
        stream.feed(b"data: " + data + b"\n\n")
        assert stream.failure is not None
        assert not stream.is_whole

    @pytest.mark.parametrize("data", [b": ping\n\n", b"event: ping\n\n", b"data:\n\n", b"\n\n"])
    def test_a_comment_is_no_event(self, data: bytes) -> None:
        stream = translator(CHAT, MESSAGES)
        assert stream.feed(data) == b""
        assert stream.failure is None

    @pytest.mark.parametrize(
        "event",
        [
            {},
            {"id": "c1", "choices": []},
            {"choices": None, "usage": {"prompt_tokens": 3}},
            {"type": "ping"},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta"}},
            {"choices": [None, "odd", {"delta": {"content": "hi"}, "finish_reason": 7}]},
            {"usage": {"prompt_tokens": 1}},
        ],
    )
    def test_what_is_odd_is_no_failure(self, event: Event) -> None:
        assert failure_in(event) is None


class TestHalvesOfCharacters:
    """`\\ud83d` and `\\ude00` make one character."""

    @pytest.mark.parametrize(
        ("pieces", "said"),
        [
            (("a\ud83d", "\ude00b"), "a\U0001f600b"),
            (("\ud83d", "\ude00"), "\U0001f600"),
            (("a\ud83d", "b"), "a\ufffdb"),
            (("a", "\ude00b"), "a\ufffdb"),
            (("\ud83d\ud83d", "\ude00"), "\ufffd\U0001f600"),
            (("a\ud83d", "", "\ude00"), "a\U0001f600"),
        ],
    )
    @pytest.mark.parametrize("provider", [CHAT, MESSAGES, RESPONSES])
    def test_a_pair_that_is_parted_is_joined(
        self, provider: Protocol, pieces: tuple[str, ...], said: str
    ) -> None:
        if provider is RESPONSES:
            stream = translator(MESSAGES, provider)
            events = [{**RESPONSE_EVENTS[5], "delta": p} for p in pieces]
        elif provider is CHAT:
            stream, events = translator(MESSAGES, CHAT), [chunk({"content": p}) for p in pieces]
        else:
            stream = translator(CHAT, MESSAGES)
            events = [
                *EVENTS[:2],
                *({**EVENTS[2], "delta": {"type": "text_delta", "text": p}} for p in pieces),
            ]
        out = b"".join(stream.feed(encoded(event)) for event in events)
        assert stream.failure is None
        assert texts(out) == said


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.text(max_size=5) | st.just("\ud83d"),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["index", "type", "text", "id", "delta"]), inner)
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return [
        found
        for name, each in inner
        for found in (
            (*path, name),
            *(places(each, (*path, name)) if isinstance(each, dict | list) else ()),
        )
    ]


@st.composite
def mutated(draw: st.DrawFn, events: list[Event]) -> list[Event]:
    """The events with some values changed, some of them missing, twice or elsewhere."""
    changed: list[Event] = json.loads(json.dumps(events))
    for _ in range(draw(st.integers(1, 3))):
        event = draw(st.sampled_from(changed))
        *path, last = draw(st.sampled_from(places(event)))
        target: Any = event
        for name in path:
            target = target[name]
        try:
            target[last] = draw(JSON_VALUES)
        except (TypeError, KeyError, IndexError):
            continue
        if not event:
            break
    order = draw(st.permutations(range(len(changed))) | st.just(list(range(len(changed)))))
    kept = draw(st.lists(st.booleans(), min_size=len(changed), max_size=len(changed)))
    return [changed[at] for at in order if kept[at] or draw(st.booleans())]


@pytest.mark.parametrize(("caller", "provider", "events", "_"), DIRECTIONS)
@pytest.mark.timeout(rounds(120, 900))
@settings(max_examples=rounds(300, 20_000), deadline=None)
@given(data=st.data())
def test_no_stream_raises_and_none_is_whole_without_its_end(
    caller: Protocol, provider: Protocol, events: list[Event], _: int, data: st.DataObject
) -> None:
    stream = translator(caller, provider)
    sent = data.draw(mutated(events))
    for event in sent:
        out = stream.feed(encoded(event))
        for told in filter(None, out.split(b"\n\n")):
            assert told.startswith((b"data: ", b"event: "))
    if not any(_may_end(event) for event in sent):
        assert not stream.is_whole
    if stream.is_whole and stream.failure is None:
        assert stream.finish()


def _may_end(event: Event) -> bool:
    """Whether an event says, in either dialect, how an answer ended."""
    if event.get("type") in ("message_stop", "response.completed", "response.incomplete"):
        return True
    choices = event.get("choices")
    reasons = [
        choice.get("finish_reason")
        for choice in (choices if isinstance(choices, list) else ())
        if isinstance(choice, dict)
    ]
    delta = event.get("delta")
    reasons += [delta.get("stop_reason")] if isinstance(delta, dict) else []
    return any(isinstance(reason, str) and reason for reason in reasons)
