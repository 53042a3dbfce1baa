"""Sealed credentials open with the right key and for their guild alone."""

from __future__ import annotations

import pytest

from bot.communities.sealing import Sealer, new_key
from bot.config import Config
from bot.sonoran import Credentials
from tests.config_reading import FOLDER

CREDENTIALS = Credentials("very-secret-key", "paleto")
FIRST, SECOND = new_key(), new_key()


def test_what_was_sealed_is_opened_and_shows_nothing() -> None:
    sealed = Sealer([FIRST]).seal(7, "paleto", CREDENTIALS)
    assert Sealer([FIRST]).open(7, "paleto", sealed) == CREDENTIALS
    assert "secret" not in sealed
    assert "secret" not in repr(CREDENTIALS)


@pytest.mark.parametrize(("guild_id", "community"), [(8, "paleto"), (7, "rockford")])
def test_it_opens_for_no_other_guild_and_no_other_community(guild_id: int, community: str) -> None:
    sealed = Sealer([FIRST]).seal(7, "paleto", CREDENTIALS)
    assert Sealer([FIRST]).open(guild_id, community, sealed) is None


def test_after_a_rotation_the_old_key_opens_and_the_new_one_seals() -> None:
    old = Sealer([FIRST]).seal(7, "paleto", CREDENTIALS)
    rotated = Sealer([SECOND, FIRST])
    assert rotated.open(7, "paleto", old) == CREDENTIALS
    new = rotated.seal(7, "paleto", CREDENTIALS)
    assert Sealer([SECOND]).open(7, "paleto", new) == CREDENTIALS
    assert Sealer([FIRST]).open(7, "paleto", new) is None


@pytest.mark.parametrize("damage", [lambda text: text[:-4], lambda text: "", lambda text: "é\0"])
def test_what_was_damaged_does_not_open(damage: object) -> None:
    sealed = Sealer([FIRST]).seal(7, "paleto", CREDENTIALS)
    assert callable(damage)
    assert Sealer([FIRST]).open(7, "paleto", damage(sealed)) is None


def test_a_new_key_is_one_that_the_setting_takes() -> None:
    settings = {"DISCORD_TOKEN": "token", "CREDENTIALS_KEY": f"{FIRST}, {SECOND}"}
    config = Config.from_mapping(settings, FOLDER)
    assert config.credentials_keys == (FIRST, SECOND)
    assert FIRST not in repr(config)
    assert {FIRST, SECOND} <= set(config.secrets)
