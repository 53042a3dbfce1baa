"""How version 2 tells a member's unit number, from their Discord id.

From the v2 pages get-account and get-identifiers of 2026-08. Version 1 finds nobody by a Discord
id.
"""

from __future__ import annotations

import re
from typing import Final

from bot.sonoran import v2
from bot.sonoran.exchange import Reply, Request, fields_of
from bot.sonoran.models import Credentials
from bot.sonoran.wire import unclear_read

_UUID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")

LONGEST_UNIT_NUMBER: Final = 40
"""Characters of a unit number that are read; ours, as real ones have fewer than ten."""


def get_account(credentials: Credentials, discord_id: int) -> Request:
    """Build the request for the account that is linked to a Discord id."""
    return v2.get(credentials, "/v2/general/accounts/account", query={"discord": discord_id})


def read_account(reply: Reply) -> str:
    """Read an account's id."""
    uuid = reply.json_object.get("uuid") if reply.complete else None
    if not isinstance(uuid, str) or not _UUID.fullmatch(uuid):
        raise unclear_read(reply)
    return uuid


def get_identifiers(credentials: Credentials, account: str) -> Request:
    """Build the request for the identifiers, units that is, of an account."""
    return v2.get(credentials, f"/v2/emergency/accounts/{account}/identifiers")


def read_unit_number(reply: Reply) -> str | None:
    """Read the unit number of the identifier that the member has selected; None without one."""
    fields = reply.json_object
    identifiers = fields.get("identifiers")
    if not reply.complete or not isinstance(identifiers, list):
        raise unclear_read(reply)
    selected = fields.get("selectedident")
    for identifier in map(fields_of, identifiers):
        if selected is None or str(identifier.get("id")) != str(selected):
            continue
        number = fields_of(identifier.get("data")).get("unitnum")
        if isinstance(number, str | int) and not isinstance(number, bool):
            return str(number)[:LONGEST_UNIT_NUMBER].strip() or None
    return None
