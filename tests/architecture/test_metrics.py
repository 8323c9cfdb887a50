"""Metrics are declared in one place, named alike, and described."""

import ast
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from tollgate_common import metrics

ROOT = Path(__file__).resolve().parents[2]
DECLARED = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]


def test_every_metric_is_described_and_carries_the_products_name() -> None:
    assert DECLARED
    for metric in DECLARED:
        assert metric._name.startswith("tollgate_")
        assert metric._documentation.endswith(".")


def test_no_metric_is_declared_anywhere_else() -> None:
    kinds = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}
    offenders = [
        str(path.relative_to(ROOT))
        for path in (*ROOT.glob("libs/*/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py"))
        if path != Path(metrics.__file__)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and node.module == "prometheus_client"
        and kinds & {name.name for name in node.names}
    ]
    assert not offenders
