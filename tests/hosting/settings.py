"""The settings that the bot reads, from the code that reads them."""

from __future__ import annotations

from pathlib import Path

from bot.config import WIPING_HOSTS, Config

REQUIRED = {"DISCORD_TOKEN": "token", "SONORAN_API_KEY": "key", "SONORAN_COMMUNITY_ID": "id"}


class Asked(dict[str, str | None]):
    """Settings that note which ones they were asked for."""

    def __init__(self) -> None:
        super().__init__(REQUIRED)
        self.names: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)


def names() -> set[str]:
    """Return the names of all settings; by a few others the hosting platform is known."""
    asked = Asked()
    Config.from_mapping(asked, Path())
    return asked.names - WIPING_HOSTS.keys()
