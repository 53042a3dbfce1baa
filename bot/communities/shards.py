"""Which part of Discord's shards this process serves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shards:
    """This process's shards, `ids`, of `count` in all."""

    count: int
    ids: list[int]

    def serve(self, guild_id: int) -> bool:
        """Whether a guild is on one of these shards (Discord API docs, Gateway, Sharding)."""
        return (guild_id >> 22) % self.count in self.ids
