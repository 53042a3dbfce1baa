"""How fast Callnote is, beside the least bot that does the same and beside no bot at all.

    python -m tests.benchmark --engine sqlite|postgresql [--rounds N] [--only ROW ...]
        [--size tiny|usual|full] [--json FILE]

Three programs are measured, each as a process of its own on the same simulators of Discord and the
CAD: `tests.benchmark.floor` sends the same requests with nothing but an HTTP client,
`tests.benchmark.minimal_bot` is what one writes with discord.py when nothing has to last, and
`bot` is Callnote. They take turns in every round, each time from a new start with an empty
database, so that whatever else the machine does meets all of them. A ratio is taken within a round.

There is no verdict: what a figure is to reach stands beside it.
"""
