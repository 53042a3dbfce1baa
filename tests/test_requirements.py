"""The requirements files pin all that the lists of direct requirements ask for."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cases import cases

ROOT = Path(__file__).parent.parent
LISTS = ("requirements.in", "tests/requirements.in")
PIN = re.compile(
    r"^(?P<pin>\S+==\S+(?: ; .+)? \\\n(?:    --hash=\S+(?: \\)?\n)+)(?P<why>(?:    #.*\n)+)", re.M
)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def asked_for(name: str) -> dict[str, str]:
    """Return the packages of a list as they are spelt there, by their pins."""
    found = re.findall(r"^([\w.-]+)(?:\[.+\])?==(\S+)$", read(name), re.M)
    return {
        f"{re.sub(r'[-_.]+', '-', spelt).lower()}=={version}": spelt for spelt, version in found
    }


def pins(name: str) -> dict[str, str]:
    """Return why each pin with its hashes is in the file generated from a list."""
    text = read(name.replace(".in", ".txt"))
    return {found["pin"]: found["why"] for found in PIN.finditer(text)}


@cases("name", LISTS)
def test_the_pins_are_those_that_the_list_asks_for(name: str) -> None:
    direct = {pin.split()[0] for pin, why in pins(name).items() if f"-r {name}\n" in why}
    assert direct == asked_for(name).keys()


@cases("name", LISTS)
def test_every_requirement_has_its_version_and_hashes(name: str) -> None:
    rest = PIN.sub("", read(name.replace(".in", ".txt")))
    assert [line for line in rest.splitlines() if not line.startswith("#")] == []


def test_the_tests_run_with_what_the_bot_runs_with() -> None:
    assert pins("requirements.in").keys() <= pins("tests/requirements.in").keys()


def test_the_readme_tells_the_reason_of_each_direct_requirement_and_of_no_other() -> None:
    table = read("README.md").partition("\n| package | why |\n")[2].partition("\n\n")[0]
    told = re.sub(r" \|.*|[|,]", "", table.partition("\n")[2]).split()
    assert sorted(told) == sorted(spelt for name in LISTS for spelt in asked_for(name).values())
