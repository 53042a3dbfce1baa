"""Fills a database with notes that were added long ago."""

from __future__ import annotations

import time

from sqlalchemy import Connection, text

from bot.storage import DatabaseUrl
from tests.benchmark.place import Place
from tests.database import at_once

NOTES_PER_CALL = 20

KEPT_DAYS = 30
"""For how many days notes are kept by default; `old_part` of those made here are older."""

MEMBER = 51
"""The id of a member who wrote nothing but the oldest note; call 1 has the oldest ones."""

_NUMBERS = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)
"""

# The oldest have the lowest numbers. Of a fingerprint only its length and that it differs matter.
_AGES = """
SELECT n, substr('0000000000' || n, length(CAST(n AS text)) + 1, 10) AS digits,
  CASE WHEN n <= :old THEN :days + 1 ELSE :days * (:count - n + 1.0) / (:count + 1.0) END AS age
FROM numbers
"""

_NOTES = f"""
{_NUMBERS}
INSERT INTO notes (
  id, position, guild_id, channel_id, message_id, member_id, member_name, server_id, call_id,
  label, text, fingerprint, state, answer, unconfirmed_sends, attempts, accepted_at,
  round_started_at, updated_at, revision, shown, logged, settled, owner
)
SELECT n, n, :guild, :channel, n,
  CASE WHEN n = 1 THEN 51 ELSE n % 50 + 1 END, 'Member', 1, n / {NOTES_PER_CALL} + 1,
  'Member', 'Suspect ' || digits || ' fled north on foot',
  digits || substr('{"0123456789abcdef" * 4}', 1, 54), 'added',
  'NOTE ''Suspect ' || digits || ' fled north on foot'' added to call', 0, 1,
  :now - age * 86400, :now - age * 86400, :now - age * 86400, 4, 4, 4, true, '0123456789abcdef'
FROM ({_AGES}) AS aged
"""  # noqa: S608 - made of constants

_LEDGER = """
INSERT INTO delivery_ledger (server_id, call_id, fingerprint, confirmed, unconfirmed, updated_at)
SELECT server_id, call_id, fingerprint, 1, 0, updated_at FROM notes
"""


async def fill(address: DatabaseUrl, there: Place, count: int, *, old_part: float = 0.0) -> None:
    """Write down `count` notes of the place's guild as added."""

    def job(connection: Connection) -> None:
        shared = connection.dialect.name == "postgresql"
        values = {
            "count": count,
            "old": int(count * old_part),
            "days": float(KEPT_DAYS),
            "guild": there.guild.id,
            "channel": there.channel.id,
            "now": time.time(),
        }
        connection.execute(text(_NOTES), values)
        connection.execute(text(_LEDGER))
        connection.execute(text("UPDATE outbox_position SET value = :count"), {"count": count})
        if shared:
            connection.execute(text("ANALYZE"))  # as autovacuum does

    await at_once(address, job)


async def forget_processes(address: DatabaseUrl) -> None:
    """Let the claims of processes that were killed lapse at once."""
    await at_once(address, lambda connection: connection.execute(text("DELETE FROM leases")))
