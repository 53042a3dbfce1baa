"""The call cards that are kept in channels, as the database has them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from sqlalchemy import (
    BigInteger,
    Connection,
    String,
    bindparam,
    delete,
    or_,
    select,
    update,
)

from bot.calls.schema import call_cards
from bot.outbox.leases import ALIVE
from bot.storage import NOW, Database
from bot.storage.readable_rows import ReadableRows
from bot.timing import Timing


@dataclass(frozen=True, slots=True)
class KeptCard:
    """A message with a call's card; each field is a column of `call_cards`.

    `kept_at` is 0 for one that is not stored yet.
    """

    message_id: int
    guild_id: int
    channel_id: int
    community: str
    server_id: int
    call_id: int
    shown: str
    kept_at: float = 0.0

    @property
    def list_key(self) -> tuple[str, int]:
        """The community and the CAD server whose calls are read for it."""
        return self.community, self.server_id

    def replaces(self, other: KeptCard) -> bool:
        """Whether another card is of the same call and in the same channel."""
        return (self.channel_id, self.call_id, self.list_key) == (
            other.channel_id,
            other.call_id,
            other.list_key,
        )


_COLUMNS = tuple(call_cards.c[each.name] for each in fields(KeptCard))
_MESSAGE = call_cards.c.message_id == bindparam("message", type_=BigInteger)
_OWNER = bindparam("me", type_=String)

# Built once, as they run while a card is kept.
_LEFT = or_(call_cards.c.owner.is_(None), call_cards.c.owner.not_in(ALIVE))
_CLAIM = update(call_cards).where(_LEFT).values(owner=_OWNER).returning(*_COLUMNS)
_OWN = select(*_COLUMNS).where(call_cards.c.owner == _OWNER)
_OWNED = select(call_cards.c.owner).where(_MESSAGE)
_OF_GUILD = (
    select(*_COLUMNS)
    .where(call_cards.c.guild_id == bindparam("guild", type_=BigInteger))
    .order_by(call_cards.c.kept_at.desc(), call_cards.c.message_id.desc())
)
_TAKE = update(call_cards).where(_MESSAGE).values(owner=_OWNER)
_SHOWN = update(call_cards).where(_MESSAGE).values(shown=bindparam("now_shown", type_=String))
_REMOVE = delete(call_cards).where(_MESSAGE)


@dataclass(eq=False, repr=False, slots=True)
class CardStore:
    """Stores cards, each with the process that owns it: `owner`, as in the outbox's leases.

    A row that cannot be read is set aside, as one of a note is. Every method raises as
    `Database.run` does.
    """

    database: Database
    owner: str
    timing: Timing
    _rows: ReadableRows[KeptCard] = field(
        default_factory=lambda: ReadableRows(
            "card", _COLUMNS, call_cards.c.message_id, lambda row: KeptCard(*row)
        ),
        init=False,
    )

    async def add(self, card: KeptCard, most: int) -> list[KeptCard]:
        """Store a card, and return the guild's cards that it replaces or that are too many.

        Too many are all but the newest `most`. What is returned belongs to this process now.
        """
        return await self.database.run(self._add, card, most)

    def _add(self, connection: Connection, card: KeptCard, most: int) -> list[KeptCard]:
        values = {each.name: getattr(card, each.name) for each in fields(card)}
        insert = self.database.insert(call_cards).on_conflict_do_nothing()
        connection.execute(insert.values({**values, "kept_at": NOW, "owner": self.owner}))
        rows = connection.execute(_OF_GUILD, {"guild": card.guild_id}).all()
        others = [each for each in self._rows.read(rows) if each.message_id != card.message_id]
        replaced = [each for each in others if card.replaces(each)]
        rest = [each for each in others if not card.replaces(each)]
        over = [*replaced, *rest[most - 1 :]]
        for each in over:
            connection.execute(_TAKE, {"message": each.message_id, "me": self.owner})
        return over

    async def claim(self, *, include_own: bool) -> list[KeptCard]:
        """Take the cards of processes whose leases are over, and return them.

        With `include_own` those that are this process's already are among them.
        """
        return await self.database.run(self._claim, include_own)

    def _claim(self, connection: Connection, include_own: bool) -> list[KeptCard]:
        me = {"me": self.owner}
        taken = connection.execute(_CLAIM, {**me, "timeout": self.timing.lease_timeout}).all()
        return self._rows.read(connection.execute(_OWN, me).all() if include_own else taken)

    async def owner_of(self, message_id: int) -> tuple[bool, bool]:
        """Return whether a message is a card, and whether it is this process's."""
        row = await self.database.run(
            lambda connection: connection.execute(_OWNED, {"message": message_id}).one_or_none()
        )
        return row is not None, row is not None and row.owner == self.owner

    async def set_shown(self, message_id: int, shown: str) -> None:
        """Store the fingerprint of what a card shows now."""
        await self.database.execute(_SHOWN, message=message_id, now_shown=shown)

    async def remove(self, message_id: int) -> None:
        """Forget a card."""
        await self.database.execute(_REMOVE, message=message_id)
