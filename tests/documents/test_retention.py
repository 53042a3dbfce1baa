"""`docs/retention.md` names everything that is stored."""

from __future__ import annotations

import re
from dataclasses import fields

import bot.calls.schema
import bot.communities.schema
import bot.outbox.schema
import bot.settings.schema  # noqa: F401 - they fill the metadata
from bot.settings.repository import GuildSettings
from bot.storage.migrations import VERSION_TABLE
from bot.storage.tables import metadata
from tests.documents.sentences import ROOT

RETENTION = (ROOT / "docs" / "retention.md").read_text(encoding="utf-8")


def test_for_every_table_it_is_stated_how_long_its_rows_are_kept() -> None:
    stated = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", RETENTION, re.M)
    assert sorted(stated) == sorted([*metadata.tables, VERSION_TABLE])


SETTINGS_KEPT = {
    "role_ids": "ids of roles",
    "server_id": "the CAD server",
    "log_channel_id": "of the log channel",
    "connected": "whether it is connected",
    "unit_numbers": "whether notes bear unit numbers",
    "call_cards": "whether cards may be kept",
}


def test_it_is_said_that_each_setting_of_a_guild_is_kept() -> None:
    settings = {each.name for each in fields(GuildSettings)} - {"guild_id", "version"}
    assert SETTINGS_KEPT.keys() == settings
    (row,) = re.findall(r"^\| `guild_settings` \|.*$", RETENTION, re.M)
    assert [phrase for phrase in SETTINGS_KEPT.values() if phrase not in row] == []
