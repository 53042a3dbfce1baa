"""Whoever adds a setting is told by these tests where a host must find it."""

from __future__ import annotations

import json
import re

import pytest
from dotenv import dotenv_values

from tests.hosting import settings
from tests.hosting.pinned import ROOT
from tests.hosting.ways import EGG
from tests.test_documents import table

NOT_SETTINGS = {"GIT_ADDRESS", "GIT_REF"}
"""The fields of the egg that say where the code comes from."""

EXAMPLE = dotenv_values(ROOT / ".env.example")
APP = json.loads((ROOT / "app.json").read_text(encoding="utf-8"))["env"]
FIELDS = {each["env_variable"]: each for each in EGG["variables"]}

SECRET = re.compile(r"_TOKEN$|_KEYS?$|_DSN$|_PROXY$")
"""The settings that hold a secret have such names."""


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (".env.example", EXAMPLE.keys()),
        ("docs/settings.md", table().keys()),
        ("app.json, where PostgreSQL sets one itself", {*APP, "DATABASE_URL"}),
        ("deploy/egg-callnote.json", FIELDS.keys() - NOT_SETTINGS),
    ],
)
def test_every_setting_and_no_other_is_in(place: str, found: set[str]) -> None:
    assert set(found) == settings.names()


@pytest.mark.parametrize("name", APP)
def test_heroku_and_panels_say_the_same_of_it(name: str) -> None:
    app, field = APP[name], FIELDS[name]
    assert app["description"] == field["description"]
    assert app.get("value", "") == field["default_value"] == EXAMPLE[name]
    assert field["rules"].startswith("required|" if app["required"] else "nullable|")


def test_secrets_are_marked() -> None:
    marked = {name for name, each in APP.items() if each["description"].startswith("Secret. ")}
    assert marked == set(filter(SECRET.search, APP))


def test_every_field_of_the_egg_can_be_seen_and_changed() -> None:
    assert all(each["user_viewable"] and each["user_editable"] for each in EGG["variables"])
    assert len(FIELDS) == len(EGG["variables"])
