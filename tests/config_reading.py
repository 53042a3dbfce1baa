"""Settings as a host gives them, and what is read in them."""

from pathlib import Path

import pytest

from bot.config import Config
from bot.environment import ConfigError

TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.token.of-a-test"
KEY = "0f0e0d0c-key-of-a-test"
COMMUNITY = "community-of-a-test"
FOLDER = Path("/srv/callnote")
REQUIRED: dict[str, str | None] = {
    "DISCORD_TOKEN": TOKEN,
    "SONORAN_API_KEY": KEY,
    "SONORAN_COMMUNITY_ID": COMMUNITY,
}


def read(**settings: str | None) -> Config:
    return Config.from_mapping({**REQUIRED, **settings}, FOLDER)


def problems(**settings: str | None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(**settings)
    return caught.value.problems
