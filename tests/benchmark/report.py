"""The results as a table for people and as JSON for programs."""

from __future__ import annotations

import math
import platform
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.benchmark.figures import Figure
from tests.benchmark.processes import Subject


@dataclass
class Result:
    """What a figure was in every round, by subject."""

    row: str
    figure: Figure
    values: dict[Subject, list[float]] = field(default_factory=dict)

    def compared(self) -> list[float]:
        """Return what Callnote's figure is to the minimal bot's in each round; may be empty."""
        ours, theirs = (self.values.get(each, []) for each in (Subject.CALLNOTE, Subject.MINIMAL))
        pairs = zip(ours, theirs, strict=False)
        match self.figure.compared:
            case "ratio":
                return [our / their if their else float("nan") for our, their in pairs]
            case "difference":
                return [our - their for our, their in pairs]
        return []


class Report:
    """Collects the results of a run."""

    def __init__(self, engine: str, size: str, rounds: int) -> None:
        self._engine = engine
        self._size = size
        self._rounds = rounds
        self.results: dict[tuple[str, str], Result] = {}

    def add(
        self, row: str, subject: Subject, figures: tuple[Figure, ...], values: Mapping[str, float]
    ) -> None:
        """Take in what one round of a row told of a subject."""
        for figure in figures:
            if figure.name in values:
                result = self.results.setdefault((row, figure.name), Result(row, figure))
                result.values.setdefault(subject, []).append(values[figure.name])

    def table(self) -> str:
        """Return the table: each cell has the least and the median of the rounds."""
        head = ["figure", "unit", *Subject, "callnote : minimal", "to reach"]
        lines = [head]
        for result in self.results.values():
            figure = result.figure
            sign = "x" if figure.compared == "ratio" else figure.unit
            lines.append(
                [
                    figure.name,
                    figure.unit,
                    *(_cell(result.values.get(subject, [])) for subject in Subject),
                    _cell(result.compared(), sign),
                    figure.goal_on(self._engine),
                ]
            )
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        rows = [
            "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |"
            for line in lines
        ]
        rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
        rounds = "1 round" if self._rounds == 1 else f"{self._rounds} rounds: least / median"
        title = f"{self._engine}, size {self._size}, {rounds}"
        return "\n".join([title, "", rows[0], rule, *rows[1:]])

    def json(self) -> dict[str, Any]:
        """Return everything that was measured."""
        return {
            "engine": self._engine,
            "size": self._size,
            "rounds": self._rounds,
            "python": platform.python_version(),
            "machine": platform.machine(),
            "figures": [
                {
                    "row": result.row,
                    "name": result.figure.name,
                    "unit": result.figure.unit,
                    "goal": result.figure.goal_on(self._engine),
                    "values": {str(s): _json(values) for s, values in result.values.items()},
                    "compared": result.figure.compared,
                    "callnote_to_minimal": _json(result.compared()),
                }
                for result in self.results.values()
            ],
        }


def _cell(values: list[float], sign: str = "") -> str:
    if not values:
        return ""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return "never"
    least, median = _number(min(known)), _number(statistics.median(known))
    text = median if len(values) == 1 else f"{least} / {median}"
    if len(known) < len(values):
        text += f" ({len(known)} of {len(values)} times)"
    return f"{text} {sign}".rstrip()


def _json(values: list[float]) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values]


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
