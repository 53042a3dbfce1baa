"""A seeded run of the real bot that is killed, stopped and disturbed while people add notes.

A child process stands between the two simulators of this process, on a real database, which is out
of reach or locked at times. When all has settled, what the CAD has is held against what Discord
shows: every accepted note is there exactly once, or its member was told that it is not confirmed,
failed or cancelled.

The long run, once for each kind of database, takes about six minutes. It prints one line of
counts, of which lost, doubled, out of order and untold must be 0; else what happened to each such
note follows, and the exit status is 1:

    python -m tests.randomized --seed 1 --notes 2000 --kills 50 --engine sqlite
    python -m tests.randomized --seed 1 --notes 2000 --kills 50 --engine postgresql

Likewise a process that lives on while its database fails over, again and again, to a standby that
lags behind:

    python -m tests.randomized --seed 1 --notes 400 --kills 0 --failovers 14 --engine postgresql
"""
