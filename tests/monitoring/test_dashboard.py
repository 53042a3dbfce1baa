"""The dashboard and its page show the metrics that there are, and all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from bot.monitoring.metrics import Metrics, State

ROOT = Path(__file__).parent.parent.parent
DASHBOARD = json.loads((ROOT / "deploy/grafana/callnote.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")

STATE = State(
    guilds=1,
    gateway_latency_seconds=0.1,
    gateway_shards=1,
    gateway_shards_connected=1,
    notes_waiting=0,
    oldest_note_seconds=0.0,
    cad_circuit_breakers=1,
    cad_circuit_breakers_open=0,
    database_up=True,
)


def samples() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Give each sample's name, that of its metric as the page has it, and its labels' names."""
    text = Metrics().exposition(STATE).decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            metric = sample.name if family.type == "counter" else family.name
            yield sample.name, metric, frozenset(sample.labels)


def queries() -> Iterator[str]:
    """Give every query of the dashboard, those that fill its variables included."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]


def named(text: str) -> set[str]:
    return set(re.findall(r"\b(?:callnote|process)_\w+", text))


def test_every_query_names_metrics_that_exist() -> None:
    exist = {name for name, _, _ in samples()}
    for query in queries():
        assert named(query), query
        assert named(query) <= exist, query


def test_every_query_names_labels_that_exist() -> None:
    ours = {label for _, _, labels in samples() for label in labels}
    for query in queries():
        used = set(re.findall(r"(\w+)=~?\"", query))
        used |= {label for by in re.findall(r"by \((\w+)\)", query) for label in by.split(",")}
        assert used <= ours | {"instance"}, query  # which Prometheus adds


def test_every_metric_is_on_the_dashboard_and_the_page() -> None:
    ours = {metric for _, metric, _ in samples() if metric.startswith("callnote")}
    of_query: dict[str, str] = {name: metric for name, metric, _ in samples()}
    shown = {of_query[name] for query in queries() for name in named(query)}
    assert ours <= shown
    assert set(re.findall(r"^\| `(callnote_\w+)` \|", PAGE, re.M)) == ours


def test_every_metric_of_an_alert_exists() -> None:
    alerts = PAGE.partition("Worth an alert:")[2].partition("##")[0]
    assert named(alerts) <= {name for name, _, _ in samples()}


def test_the_dashboard_can_be_imported() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    sources: list[Any] = [
        part["datasource"]["uid"]
        for panel in DASHBOARD["panels"]
        for part in (panel, *panel["targets"])
    ]
    assert set(sources) == {"${datasource}"}  # the one that is chosen, not one of another Grafana
