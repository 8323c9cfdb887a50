"""The order on authority: reflexive, transitive, antisymmetric, and true of every single name,
address and moment."""

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollgate_auth.authority import globs, networks
from tollgate_auth.authority.order import Authority, within
from tollgate_common.principal import covers

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PARTS = ("a", "b", "B", "-", "*", "?", "[ab]", "[!a]", "[", "]", "[a-", "[b-a]")
patterns = st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map("".join)
lists = st.lists(patterns, min_size=1, max_size=3).map(tuple)
names = st.text("abAB-[]é", max_size=6)
cidrs = st.builds(
    lambda address, bits: str(ipaddress.ip_network((address, bits), strict=False)),
    st.integers(0x0A000000, 0x0A0000FF).map(lambda number: str(ipaddress.ip_address(number))),
    st.integers(22, 32),
)
places = st.lists(cidrs, max_size=3).map(tuple)
few = st.frozensets(st.sampled_from("xyz"))
authorities = st.builds(
    Authority,
    scopes=few,
    mode=st.sampled_from(("live", "test")),
    models=st.lists(lists, min_size=1, max_size=2).map(tuple),
    networks=places,
    end=st.none() | st.integers(0, 3).map(lambda days: NOW + timedelta(days=days)),
    projects=st.none() | few,
    held_to=few,
)


class TestOrder:
    @given(authorities)
    def test_everything_is_within_itself(self, one: Authority) -> None:
        assert within(one, one) is None

    @given(authorities, authorities, authorities)
    @settings(max_examples=300)
    def test_what_is_within_the_middle_is_within_the_top(
        self, low: Authority, middle: Authority, top: Authority
    ) -> None:
        if within(low, middle) is None and within(middle, top) is None:
            assert within(low, top) is None

    @given(authorities, authorities)
    def test_two_that_are_within_each_other_are_equal(
        self, one: Authority, other: Authority
    ) -> None:
        if within(one, other) is None and within(other, one) is None:
            assert (one.scopes, one.mode, one.end, one.projects, one.held_to) == (
                other.scopes,
                other.mode,
                other.end,
                other.projects,
                other.held_to,
            )

    @pytest.mark.parametrize(
        ("child", "parent", "message"),
        [
            ({}, {"models": (("sandbox",),)}, 'models: "*" is more than this key\'s "sandbox".'),
            (
                {},
                {"networks": ("10.0.0.0/8",)},
                'networks: "everywhere" is more than this key\'s "10.0.0.0/8".',
            ),
            ({}, {"mode": "test"}, 'mode: "live" is more than this key\'s "test".'),
            ({}, {"held_to": frozenset({"k"})}, 'limits: "none" is more than this key\'s "k".'),
            ({}, {"projects": frozenset({"p"})}, 'project_id: "all" is more than this key\'s "p".'),
        ],
    )
    def test_the_dimension_that_outgrows_is_named(
        self, child: dict[str, object], parent: dict[str, object], message: str
    ) -> None:
        none: frozenset[str] = frozenset()
        excess = within(Authority(scopes=none, **child), Authority(scopes=none, **parent))  # type: ignore[arg-type]
        assert excess is not None
        assert excess.message("this key's") == message


class TestGlobs:
    @given(lists, lists, names)
    @settings(max_examples=1000)
    def test_a_yes_is_true_of_every_name(
        self, child: tuple[str, ...], parent: tuple[str, ...], name: str
    ) -> None:
        if globs.is_subset(child, parent) and covers(child, name):
            assert covers(parent, name)

    @pytest.mark.parametrize(
        ("child", "parent", "is_subset"),
        [
            (("gpt-4o",), ("gpt-*",), True),
            (("GPT-4o*",), ("gpt-*",), True),
            (("gpt-?",), ("gpt-*",), True),
            (("*",), ("?*", ""), True),
            (("gpt-*",), ("gpt-4*", "gpt-[!4]*", "gpt-"), True),
            (("gpt-*",), ("gpt-4*",), False),
            (("a*b",), ("*b", "a"), True),
            (("*",), ("[!a]*", "a*"), False),
            (("[z-a]",), ("x",), True),
            (("é",), ("?",), False),
        ],
    )
    def test_globs_are_compared_by_what_they_match(
        self, child: tuple[str, ...], parent: tuple[str, ...], is_subset: bool
    ) -> None:
        assert globs.is_subset(child, parent) is is_subset

    def test_what_takes_too_long_is_no(self) -> None:
        child = ("*a" + "?" * 30,)
        assert not globs.is_subset(child, ("*b" + "?" * 30, "*a" + "?" * 29 + "[!c]", "*c"))


class TestNetworks:
    @given(places, places, st.integers(0x09FFFF00, 0x0A000200))
    def test_a_yes_is_true_of_every_address(
        self, child: tuple[str, ...], parent: tuple[str, ...], number: int
    ) -> None:
        if networks.is_subset(child, parent) and _is_in(child, number):
            assert _is_in(parent, number)

    @given(places, places, st.integers(0x0A000000, 0x0A0000FF))
    def test_an_address_is_in_both_or_not_in_the_intersection(
        self, one: tuple[str, ...], other: tuple[str, ...], number: int
    ) -> None:
        both = networks.intersection(one, other)
        is_in_both = _is_in(one, number) and _is_in(other, number)
        assert is_in_both == (both is not None and _is_in(both, number))

    def test_mapped_networks_are_the_networks_they_map(self) -> None:
        assert networks.is_subset(("::ffff:10.1.0.0/112",), ("10.0.0.0/8",))
        assert networks.is_subset(("10.1.0.0/16",), ("::ffff:10.0.0.0/104",))
        assert networks.is_subset(("10.0.0.0/8",), ("10.0.0.0/9", "10.128.0.0/9"))
        assert not networks.is_subset(("::/0",), ("10.0.0.0/8",))


def _is_in(cidrs: tuple[str, ...], number: int) -> bool:
    address = ipaddress.ip_address(number)
    return not cidrs or any(address in ipaddress.ip_network(each) for each in cidrs)
