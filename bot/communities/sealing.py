"""Encrypts a guild's credentials for the database, so that they open for that guild alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.sonoran import Credentials


def new_key() -> str:
    """Return a new random key: 32 bytes in base64url, as Fernet takes them."""
    return Fernet.generate_key().decode()


class Sealer:
    """Seals with the first of the `keys`, and opens what any of them sealed."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, guild_id: int, community: str, credentials: Credentials) -> str:
        """Return the credentials of a guild for a community, encrypted and authenticated."""
        content = {
            "guild_id": guild_id,
            "community": community,
            "community_id": credentials.community_id,
            "api_key": credentials.api_key,
        }
        return self._fernet.encrypt(json.dumps(content).encode()).decode()

    def open(self, guild_id: int, community: str, sealed: str) -> Credentials | None:
        """Return what was sealed for this guild and community.

        None if no key opens it, or it was sealed for another guild or community.
        """
        try:
            content: dict[str, Any] = json.loads(self._fernet.decrypt(sealed))
            if (content["guild_id"], content["community"]) != (guild_id, community):
                return None
            return Credentials(str(content["api_key"]), str(content["community_id"]))
        except (InvalidToken, LookupError, TypeError, ValueError):
            return None
