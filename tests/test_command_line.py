"""What the benchmark and the randomized run cannot do is said in a sentence, before they begin."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmark.__main__ import main as benchmark
from tests.randomized.__main__ import main as randomized

NO_SERVER = "postgres://user:hunter2@127.0.0.1:9/database"


def refused(
    main: Callable[[], int],
    line: str,
    patch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> str:
    patch.setattr("sys.argv", ["python -m", *line.split(" ")])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("main", "line", "said"),
    [
        (benchmark, "--rounds 0", "--rounds: expected a whole number, 1 or more"),
        (benchmark, "--rounds two", "--rounds: expected a whole number, 1 or more"),
        (benchmark, "--json /", "--json: / cannot be written: Is a directory"),
        (benchmark, "--json /none/a", "--json: /none/a cannot be written: No such file"),
        (randomized, "--notes -5", "--notes: expected a whole number, 0 or more"),
        (randomized, "--kills -1", "--kills: expected a whole number, 0 or more"),
        (randomized, "--failovers 1 --kills 0", "--failovers needs --engine postgresql and"),
        (randomized, "--failovers 1 --engine postgresql", "--failovers needs --engine postgresql"),
        (randomized, "--command nothing", "--command: expected a module"),
        (randomized, "--command no.thing", "--command: expected a module"),
        (randomized, "--command ", "--command: expected a module"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    main: Callable[[], int],
    line: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said in refused(main, line, monkeypatch, capsys)


@pytest.mark.parametrize("main", [benchmark, randomized])
@pytest.mark.parametrize("url", [NO_SERVER, "sqlite:///hunter2"])
def test_a_server_that_cannot_be_used_is_named_without_its_password(
    main: Callable[[], int],
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", url)
    said = refused(main, "--engine postgresql", monkeypatch, capsys)
    assert "TEST_DATABASE_URL: no PostgreSQL server" in said
    assert "hunter2" not in said


def test_a_row_that_is_named_twice_is_measured_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL, "aiohttp.server")  # as a run does, but until the end alone
    file = tmp_path / "results.json"
    line = f"--size tiny --rounds 2 --only disk disk --json {file}"
    monkeypatch.setattr("sys.argv", ["python -m", *line.split()])
    assert benchmark() == 0
    assert "| disk: sync p50 " in capsys.readouterr().out
    assert [len(each["values"]["floor"]) for each in json.loads(file.read_text())["figures"]] == [
        2,
        2,
    ]
