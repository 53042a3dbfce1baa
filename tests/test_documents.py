"""What is written for hosts names the settings as they are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot import __version__
from bot.config import Config
from bot.config_values import LOG_LEVELS
from bot.environment import ConfigError
from bot.storage.upgrade import HEAD
from tests.cases import cases

ROOT = Path(__file__).parent.parent
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
CHANGES = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
HOSTING = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
APP = json.loads((ROOT / "app.json").read_text(encoding="utf-8"))["env"]
REQUIRED = {"DISCORD_TOKEN": "token", "SONORAN_API_KEY": "key", "SONORAN_COMMUNITY_ID": "id"}


def settings() -> dict[str, str | None]:
    return dict(dotenv_values(ROOT / ".env.example"))


NUMBERS = sorted(
    name
    for name, value in settings().items()
    if (value or "").isdigit() and name != "SONORAN_SERVER_ID"
)


def table() -> dict[str, str]:
    """Return the lines of the tables of settings by the names in them."""
    return {found[1]: found[0] for found in re.finditer(r"^\| `([A-Z_]+)` \| .*$", SETTINGS, re.M)}


def test_the_example_is_what_holds_without_it() -> None:
    assert Config.from_mapping({**settings(), **REQUIRED}, ROOT) == Config.from_mapping(
        REQUIRED, ROOT
    )


def test_every_setting_of_the_example_is_documented_and_no_other() -> None:
    assert table().keys() == settings().keys()


@cases("name", NUMBERS)
def test_the_most_that_a_number_may_be_is_named_in_the_example(name: str) -> None:
    before, _, _ = EXAMPLE.partition(f"\n{name}=")
    comment = before.rpartition("\n\n")[2]
    limits = [int(found) for found in re.findall(r"(?:at most|0 to) (\d+)", comment)]
    assert any(taken(name, limit) and not taken(name, limit + 1) for limit in limits)


def test_what_heroku_asks_for_is_enough_and_no_more_than_needed() -> None:
    asked = {name: entry.get("value", "") for name, entry in APP.items()}
    assert asked.keys() <= settings().keys()
    assert Config.from_mapping({**asked, **REQUIRED}, ROOT) == Config.from_mapping(REQUIRED, ROOT)
    needed = {name: REQUIRED[name] for name, entry in APP.items() if entry["required"]}
    Config.from_mapping({**asked, **needed, "SONORAN_API_VERSION": "2"}, ROOT)
    for name in needed:
        less = {**asked, **needed, "SONORAN_API_VERSION": "2", name: ""}
        with pytest.raises(ConfigError, match=name):
            Config.from_mapping(less, ROOT)
    optional = APP.keys() - needed.keys()
    assert {"SONORAN_API_VERSION", "SONORAN_COMMUNITY_ID"} <= optional


def taken(name: str, value: int) -> bool:
    """Whether a setting may have a value."""
    try:
        Config.from_mapping({**REQUIRED, name: str(value)}, ROOT)
    except ConfigError:
        return False
    return True


def test_the_changes_begin_with_this_version_and_its_database() -> None:
    newest = CHANGES.split("\n## ")[1]
    assert newest.startswith(f"{__version__}\n\nDatabase revision {HEAD}.\n\n- ")


def test_no_version_is_twice_in_the_changes_nor_after_a_later_one() -> None:
    versions = [
        tuple(map(int, found)) for found in re.findall(r"^## (\d+)\.(\d+)\.(\d+)$", CHANGES, re.M)
    ]
    assert len(versions) == CHANGES.count("\n## ") > 1
    assert versions == sorted(set(versions), reverse=True)


def test_the_log_levels_are_named() -> None:
    assert set(LOG_LEVELS) <= set(re.findall(r"`(\w+)`", table()["LOG_LEVEL"]))


def test_each_way_of_hosting_says_how_to_update_to_back_up_and_to_remove() -> None:
    sections = HOSTING.split("\n## ")[1:]
    ways = [each for each in sections if "\n- **Update:** " in each]
    assert len(ways) == 8
    assert all("\n- **Back up:** " in each and "\n- **Remove:** " in each for each in ways)


def test_every_file_for_hosting_is_named_where_it_is_explained() -> None:
    inside = filter(Path.is_file, (ROOT / "deploy").iterdir())
    files = [path.relative_to(ROOT).as_posix() for path in inside]
    for name in ("Dockerfile", "Procfile", "app.json", *files):
        assert name in HOSTING or name == "deploy/healthcheck.py"


def test_the_sentence_of_a_refused_database_leads_to_the_chapter_on_it() -> None:
    for words in (
        "The database was changed by a\nnewer version of Callnote",
        "## Going back a version",
    ):
        assert words in HOSTING
