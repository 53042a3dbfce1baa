"""The command line of the benchmark."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.benchmark.call_rows import call_rows
from tests.benchmark.card_rows import card_rows
from tests.benchmark.databases import databases
from tests.benchmark.figures import SIZES, Bench, Row, Size
from tests.benchmark.kept_rows import kept_rows
from tests.benchmark.load_rows import LOAD_ROWS
from tests.benchmark.process_rows import process_rows
from tests.benchmark.report import Report
from tests.command_line import at_least, check_server


def all_rows(size: Size) -> dict[str, Row]:
    """Return every row by its name."""
    return {
        row.name: row
        for row in (
            *LOAD_ROWS,
            *call_rows(size),
            *card_rows(size),
            *process_rows(size),
            *kept_rows(size),
        )
    }


async def measured(
    engine: str,
    size: str = "usual",
    *,
    rounds: int,
    only: list[str] | None = None,
    keep: Callable[[Report], None] = lambda _: None,
) -> Report:
    """Do a run, in which the programs take turns, and return its report.

    Without `only`, which names rows, all are measured. `keep` gets the report after every row, so
    that a long run which is ended early was not for nothing.
    """
    report = Report(engine, size, rounds)
    rows = all_rows(SIZES[size])
    with tempfile.TemporaryDirectory(prefix="callnote-") as folder:
        async with databases(engine, Path(folder)) as made:
            bench = Bench(made, Path(folder), SIZES[size])
            for row in [rows[name] for name in only or rows]:
                for _ in range(rounds):
                    for subject in row.subjects:
                        try:
                            values = await row.measure(bench, subject)
                        except Exception:  # the others are worth having all the same
                            print(f"{row.name} of {subject} failed", file=sys.stderr)
                            traceback.print_exc()
                        else:
                            report.add(row.name, subject, row.figures, values)
                print(f"{time.strftime('%X')} {row.name}", file=sys.stderr)
                keep(report)
    return report


def main() -> int:
    """Do a run and print its table; one that is ended early with Ctrl+C prints what there is."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmark",
        description="Measure Callnote beside a minimal bot and the bare simulators.",
    )
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument(
        "--rounds", type=at_least(1), default=3, help="how often each row is measured (3)"
    )
    rows = list(all_rows(SIZES["usual"]))
    parser.add_argument(
        "--only", nargs="+", metavar="ROW", choices=rows, help=f"of these rows: {', '.join(rows)}"
    )
    parser.add_argument(
        "--size", choices=list(SIZES), default="usual", help="how much each row does (usual)"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="where all figures are stored, after each row"
    )
    chosen = parser.parse_args()
    if chosen.engine == "postgresql":
        check_server(parser)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # of processes that were killed
    latest = Report(chosen.engine, chosen.size, chosen.rounds)

    def keep(report: Report) -> None:
        nonlocal latest
        latest = report
        if chosen.json is not None:
            chosen.json.write_text(json.dumps(report.json(), indent=1))

    try:
        keep(latest)  # which tells at once whether the file can be written
    except OSError as error:
        parser.error(f"argument --json: {chosen.json} cannot be written: {error.strerror}")
    only = list(dict.fromkeys(chosen.only)) if chosen.only else None
    run = measured(chosen.engine, chosen.size, rounds=chosen.rounds, only=only, keep=keep)
    try:
        asyncio.run(run)
    except KeyboardInterrupt:
        print(latest.table())
        return 130
    print(latest.table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
