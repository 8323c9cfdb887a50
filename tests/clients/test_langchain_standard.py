"""LangChain's standard integration tests, of both vendors' classes, relayed and translated.

What fails must be what is listed here, each with its reason, and nothing else: a line that is no
longer true fails as well.
"""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.clients import folders
from tests.clients.desk import PROGRAMS, Desk
from tests.clients.places import WAYS, place_of
from tests.e2e.platform import Platform

SUITES = {"TestChat": "openai", "TestResponses": "openai", "TestMessages": "anthropic"}
NEVER_RUN = {
    "test_stream_time": "it needs a recording of the vendor's own answers",
}
NOT_THE_VENDORS = {
    "TestChat": {
        "test_image_tool_message": "results of tools are text in chat completions",
        "test_pdf_tool_message": "results of tools are text in chat completions",
    },
    "TestResponses": {"test_audio_inputs": "responses take no sound"},
    "TestMessages": {
        "test_audio_inputs": "messages take no sound",
        "test_json_mode": "messages have no JSON mode",
    },
}
EXPECTED_FAILURES = {
    ("TestChat", "translated"): {"test_audio_inputs": "Claude hears no sound: refused by name"},
}
SETTINGS = (
    "-p",
    "no:cacheprovider",
    "--noconftest",
    "-c",
    "/dev/null",
    "-q",
    "--tb=short",
    "-o",
    "asyncio_mode=auto",
    # Its clients keep their connections, which belong to the loop that opened them.
    "-o",
    "asyncio_default_test_loop_scope=session",
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("suite", SUITES)
def test_the_standard_tests_pass(platform: Platform, desk: Desk, suite: str, way: str) -> None:
    report = desk.home / "report.xml"
    tests = f"{PROGRAMS / 'langchain_standard.py'}::{suite}"
    words = (folders.python("langchain-tests"), "-m", "pytest", tests, *SETTINGS)
    with place_of(platform, SUITES[suite], way) as place:
        status, output = desk.attempt(
            *words, f"--junit-xml={report}", f"--rootdir={desk.home}", variables=place.variables
        )
    assert status in (0, 1), output
    failed, skipped, passed = results(report)
    assert failed == EXPECTED_FAILURES.get((suite, way), {}).keys(), output
    assert skipped == NEVER_RUN.keys() | NOT_THE_VENDORS[suite].keys(), output
    assert len(passed) > 40


def results(report: Path) -> tuple[set[str], set[str], list[str]]:
    """The names of what failed and of what the suite left out; and what passed."""
    failed, skipped, passed = set(), set(), []
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 # pytest wrote it
        name = case.attrib["name"].partition("[")[0]
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            failed.add(name)
        elif "skipped" in kinds:
            skipped.add(name)
        else:
            passed.append(case.attrib["name"])
    return failed, skipped, passed
