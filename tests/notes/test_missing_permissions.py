"""Which permissions Callnote needs to post in each kind of channel."""

from __future__ import annotations

import discord
import pytest

from bot.notes.log_channel import missing_permissions
from bot.sandbox.discord.permissions import (
    CONNECT,
    ORDINARY_PERMISSIONS,
    SEND_MESSAGES,
    SEND_MESSAGES_IN_THREADS,
)

THREADS_CLOSED = ORDINARY_PERMISSIONS & ~SEND_MESSAGES_IN_THREADS
ONLY_THREADS = ORDINARY_PERMISSIONS & ~SEND_MESSAGES
SPOKEN = ORDINARY_PERMISSIONS | CONNECT


@pytest.mark.parametrize(
    ("kind", "permissions", "missing"),
    [
        ("text", THREADS_CLOSED, []),
        ("text", 0, ["View Channel", "Send Messages"]),
        ("news", ONLY_THREADS, ["Send Messages"]),
        ("public_thread", ONLY_THREADS, []),
        ("public_thread", THREADS_CLOSED, ["Send Messages in Threads"]),
        ("private_thread", THREADS_CLOSED, ["Send Messages in Threads"]),
        ("news_thread", THREADS_CLOSED, ["Send Messages in Threads"]),
        ("voice", SPOKEN, []),
        ("voice", ORDINARY_PERMISSIONS, ["Connect"]),
        ("stage_voice", ORDINARY_PERMISSIONS, ["Connect"]),
    ],
)
def test_the_permissions_are_those_that_a_kind_of_channel_takes(
    kind: str, permissions: int, missing: list[str]
) -> None:
    found = missing_permissions(discord.Permissions(permissions), discord.ChannelType[kind])
    assert found == missing
