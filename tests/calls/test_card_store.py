"""Which process keeps a card is settled in the database, and so is how many there may be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import insert, text, update

from bot.calls.card_store import CardStore, KeptCard
from bot.outbox.schema import leases
from bot.storage import NOW, Database
from bot.timing import Timing
from tests import database as databases

engine = databases.engine
address = databases.address
database = databases.database

CARD = KeptCard(1, 10, 20, "", 1, 123, "shown")


def card(message: int, call: int | None = None, **members: object) -> KeptCard:
    return replace(CARD, message_id=message, call_id=call or message, **members)  # type: ignore[arg-type]


def ids(cards: list[KeptCard]) -> list[int]:
    return sorted(each.message_id for each in cards)


async def alive(database: Database, *owners: str) -> None:
    rows = [{"id": owner, "heartbeat_at": NOW} for owner in owners]
    await database.execute(*(insert(leases).values(**row) for row in rows))


async def lapsed(database: Database, owner: str) -> None:
    late = leases.c.heartbeat_at - Timing().lease_timeout
    await database.execute(update(leases).where(leases.c.id == owner).values(heartbeat_at=late))


async def test_a_card_is_one_processs_until_its_lease_is_over(database: Database) -> None:
    one, two = CardStore(database, "one", Timing()), CardStore(database, "two", Timing())
    await alive(database, "one", "two")
    assert await one.add(CARD, 10) == []
    assert await one.owner_of(1) == (True, True)
    assert await two.owner_of(1) == (True, False)
    assert await two.claim(include_own=True) == []
    assert await one.claim(include_own=False) == []
    await one.set_shown(1, "other")
    (own,) = await one.claim(include_own=True)
    assert own == replace(CARD, shown="other", kept_at=own.kept_at)
    assert own.kept_at > 0
    await lapsed(database, "one")
    assert await two.claim(include_own=False) == [own]
    assert await one.owner_of(1) == (True, False)
    assert await one.claim(include_own=False) == []
    await two.remove(1)
    assert await two.owner_of(1) == (False, False)


async def test_of_too_many_cards_the_oldest_are_given_out_and_taken_over(
    database: Database,
) -> None:
    one, two = CardStore(database, "one", Timing()), CardStore(database, "two", Timing())
    await alive(database, "one", "two")
    for message in (1, 2, 3):
        assert await one.add(card(message), 3) == []
    assert await one.add(card(9, guild_id=11), 1) == []
    assert ids(await two.add(card(4), 3)) == [1]
    assert await two.owner_of(1) == (True, True)
    assert await two.owner_of(2) == (True, False)
    await two.remove(1)
    assert ids(await two.add(card(5, 4), 3)) == [4]
    await two.remove(4)
    assert ids(await two.add(card(6), 1)) == [2, 3, 5]


async def test_a_card_of_another_channel_server_or_community_is_another(
    database: Database,
) -> None:
    store = CardStore(database, "one", Timing())
    await alive(database, "one")
    await store.add(CARD, 10)
    others = (
        card(2, CARD.call_id, channel_id=2),
        card(3, CARD.call_id, server_id=2),
        card(4, CARD.call_id, community="x"),
    )
    for other in others:
        assert await store.add(other, 10) == []
    assert ids(await store.add(card(7, CARD.call_id), 10)) == [1]


@pytest.mark.parametrize(
    ("engine", "damage"),
    [
        *(
            ("sqlite", damage)
            for damage in (
                "message_id = 'x'",
                "channel_id = x'00'",
                "community = CAST(x'44ff' AS TEXT)",
                "server_id = 1.5",
                "server_id = 9223372036854775807",
                "call_id = 'x'",
                "kept_at = 'x'",
                "shown = x'44'",
            )
        ),
        ("postgresql", "kept_at = 'Infinity'"),
        ("postgresql", "kept_at = 'NaN'"),
    ],
    indirect=["engine"],
)
async def test_a_damaged_row_is_set_aside_and_the_other_cards_are_given_out(
    database: Database, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    gone, store = CardStore(database, "gone", Timing()), CardStore(database, "one", Timing())
    for message in (1, 2):
        await gone.add(card(message), 10)
    await database.execute(
        text(f"UPDATE call_cards SET {damage} WHERE message_id = 1")  # noqa: S608
    )
    assert ids(await store.claim(include_own=False)) == [2]
    assert ids(await store.claim(include_own=True)) == [2]
    assert ids(await store.add(card(3), 1)) == [2]
    (line,) = (each.message for each in caplog.records if "set aside" in each.message)
    assert ("'x'" if "message_id" in damage else "card 1 ") in line
