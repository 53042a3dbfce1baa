"""Ways to run Callnote, each prepared in a clean folder by what the files for it say."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.hosting.pinned import ROOT, link_packages, make_pip

NOBODY = ("unshare", "--user", "--map-user=10001")
"""Runs a command as no root, without any of root's rights; util-linux has it."""

EGG = json.loads((ROOT / "deploy" / "egg-callnote.json").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Way:
    """What starts the bot; `code` may not be written to, `data` is where its files are."""

    command: list[str]
    folder: Path
    environment: dict[str, str]
    data: Path
    code: Path | None = None
    stop: int = signal.SIGTERM
    health: list[str] = field(default_factory=list)


def filled_example(settings: dict[str, str]) -> dict[str, str]:
    """Return the settings of a host that has filled in a copy of `.env.example`."""
    example = {name: value or "" for name, value in dotenv_values(ROOT / ".env.example").items()}
    return {**example, **settings}


def without_rights() -> tuple[str, ...]:
    """Return the command that takes root's rights away, none where there are none."""
    if os.geteuid() != 0:
        return ()
    works = shutil.which(NOBODY[0]) and not subprocess.run([*NOBODY, "true"]).returncode  # noqa: S603
    if not works:
        pytest.skip("this machine lets root give no right away")
    return NOBODY


def instructions(name: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile and what stands behind each."""
    text = re.sub(r"(?m)^\s*#.*\n", "", (ROOT / name).read_text(encoding="utf-8"))
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(op, rest) for op, _, rest in (line.partition(" ") for line in lines) if op]


def in_container(place: Path, pinned: Path, settings: dict[str, str]) -> Way:
    """Do what the Dockerfile says, its absolute paths taken as ones in `place`.

    A user is not made, as nobody but root could; without root's rights it is run all the same. What
    `pip` would do is done already, and it is run with the same options `on_panel`.
    """

    def here(text: str) -> str:
        return re.sub(r"(?<![\w./])/(?=(app|data)\b)", f"{place}/", text)

    environment = {"PATH": f"{pinned}:{os.environ['PATH']}"}
    given: dict[str, str] = {}
    for instruction, rest in instructions("Dockerfile"):
        match instruction:
            case "ENV":
                environment |= dict(part.split("=", 1) for part in shlex.split(here(rest)))
            case "COPY":
                source, target = rest.split()
                copy_code(ROOT / source, Path(here(target)))
            case "RUN" if rest.startswith("useradd "):
                (place / "data").mkdir(0o700)
            case "RUN" if rest.startswith("pip "):
                *options, file = here(rest).split()
                assert set(options) <= set(EGG["startup"].split())
                assert Path(file).read_bytes() == (ROOT / "requirements.txt").read_bytes()
            case "RUN":
                command = ["/bin/sh", "-c", here(rest)]
                subprocess.run(command, env=environment, check=True, capture_output=True)  # noqa: S603
            case _:
                given[instruction] = here(rest)
    assert given["USER"].isdigit()
    code = place / "app"
    for path in (*code.rglob("*"), code):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return Way(
        command=[*without_rights(), *json.loads(given["ENTRYPOINT"])],
        folder=Path(given["WORKDIR"]),
        environment={**environment, **filled_example(settings)},
        data=Path(given["WORKDIR"]),
        code=code,
        health=json.loads(given["HEALTHCHECK"].partition("CMD ")[2]),
    )


def copy_code(source: Path, target: Path) -> None:
    """Copy as COPY does, without what `.dockerignore` leaves out."""
    target.parent.mkdir(exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        copy_compiled(source, target)
    else:
        target.mkdir(exist_ok=True)
        shutil.copy(source, target)


def copy_compiled(source: Path, target: Path) -> None:
    """Spare a copy of a package to be compiled anew, as far as the package has been."""
    for module in target.rglob("*.py"):
        compiled = Path(cache_from_source(source / module.relative_to(target)))
        if compiled.exists():
            (module.parent / "__pycache__").mkdir(exist_ok=True)
            shutil.copy(compiled, cache_from_source(module))


def unit() -> configparser.RawConfigParser:
    """Read the unit of systemd; of a line that is repeated it has the last."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign] # the names' case counts
    parser.read(ROOT / "deploy" / "callnote.service", encoding="utf-8")
    return parser


def under_systemd(place: Path, pinned: Path, settings: dict[str, str]) -> Way:
    """Start what the unit starts, as it says, in the state directory."""
    service = unit()["Service"]

    def here(text: str) -> str:
        for theirs, ours in {
            "/opt/callnote/.venv/bin": pinned,
            "/opt/callnote": ROOT,
            "%S": place,
        }.items():
            text = text.replace(theirs, str(ours))
        return text

    data = place / service["StateDirectory"]
    data.mkdir(int(service["StateDirectoryMode"], 8))
    environment = dict(part.split("=", 1) for part in here(service["Environment"]).split())
    return Way(
        command=[*without_rights(), *here(service["ExecStart"]).split()],
        folder=Path(here(service["WorkingDirectory"])),
        environment={"PATH": os.environ["PATH"], **environment, **filled_example(settings)},
        data=data,
        stop=signal.Signals[service["KillSignal"]],
    )


def on_panel(place: Path, _: Path, settings: dict[str, str]) -> Way:
    """Start the egg in its folder, with the packages where pip has installed them before."""
    container, tools = place / "container", place / "tools"
    container.mkdir()
    for name in ("bot", "cogs", "requirements.txt"):
        (container / name).symlink_to(ROOT / name)
    link_packages(container / ".local")
    tools.mkdir()
    (tools / "python").symlink_to(Path(sys._base_executable))  # type: ignore[attr-defined]
    make_pip(tools)
    fields = {each["env_variable"]: each["default_value"] for each in EGG["variables"]}
    return Way(
        command=["bash", "-c", EGG["startup"]],
        folder=container,
        environment={
            **fields,
            **settings,
            "HOME": str(container),
            "PATH": f"{tools}:{os.environ['PATH']}",
            "PIP_NO_INDEX": "1",
            "PIP_ROOT_USER_ACTION": "ignore",  # a panel's container has another user
        },
        data=container,
        stop={"^C": signal.SIGINT}[EGG["config"]["stop"]],
    )


WAYS = {"container": in_container, "systemd": under_systemd, "panel": on_panel}
