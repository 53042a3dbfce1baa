"""Posts and edits the message of a call's card in a channel."""

from __future__ import annotations

import asyncio
from enum import Enum, auto

import discord

from bot.calls.card_store import KeptCard
from bot.calls.problems import CardProblem
from bot.interactions.discord_answers import (
    UNKNOWN_CHANNEL,
    RouteDelays,
    Verdict,
    is_final,
    verdict_of,
    was_taken,
)
from bot.interactions.errors import DISCORD_FAILURES, UNREADABLE, Refusal
from bot.timing import Timing


class EditResult(Enum):
    """What became of an edit."""

    DONE = auto()
    RETRY = auto()
    HIDDEN = auto()  # a permission is missing, or the thread is archived
    REFUSED = auto()  # Discord refuses the content
    GONE = auto()


async def post(
    client: discord.Client,
    guild_id: int,
    channel_id: int,
    content: str,
    view: discord.ui.View,
    nonce: str,
    timing: Timing,
) -> discord.Message:
    """Post a card, once more if Discord gives no clear answer; with its nonce it is one message.

    Refuses with CARD_FORBIDDEN where Callnote may not write, else with CARD_NOT_POSTED.
    """
    channel = client.get_partial_messageable(channel_id, guild_id=guild_id)
    for _ in range(2):
        try:
            async with asyncio.timeout(timing.try_channel):
                return await channel.send(content, view=view, nonce=nonce, suppress_embeds=True)
        except discord.HTTPException as error:
            verdict = verdict_of(error)
            if is_final(error) and verdict is not Verdict.CONTENT:
                raise Refusal(CardProblem.CARD_FORBIDDEN) from None
            if verdict is not Verdict.LATER:
                break
        except (*DISCORD_FAILURES, *UNREADABLE):
            continue
    raise Refusal(CardProblem.CARD_NOT_POSTED)


async def edit(
    client: discord.Client,
    card: KeptCard,
    content: str | None,
    view: discord.ui.View | None,
    *,
    delays: RouteDelays,
    timing: Timing,
) -> EditResult:
    """Edit a card, without `content` its buttons alone.

    Never raises for failures of Discord or the network.
    """
    if delays.left(RouteDelays.CHANNELS):
        return EditResult.RETRY
    channel = client.get_partial_messageable(card.channel_id, guild_id=card.guild_id)
    try:
        async with asyncio.timeout(timing.post):
            await channel.get_partial_message(card.message_id).edit(
                content=discord.utils.MISSING if content is None else content, view=view
            )
    except discord.HTTPException as error:
        delays.record(RouteDelays.CHANNELS, error)
        return _result_of(error)
    except UNREADABLE as error:
        return EditResult.DONE if was_taken(error) else EditResult.RETRY
    except (*DISCORD_FAILURES, RuntimeError):  # RuntimeError: the client was closed
        return EditResult.RETRY
    return EditResult.DONE


def _result_of(error: discord.HTTPException) -> EditResult:
    if error.code == UNKNOWN_CHANNEL:
        return EditResult.GONE
    match verdict_of(error):
        case Verdict.LATER | Verdict.BLOCKED:
            return EditResult.RETRY
        case Verdict.CONTENT if error.status >= 500:  # perhaps Discord is out of order
            return EditResult.RETRY
        case Verdict.NO_ACCESS | Verdict.ARCHIVED:
            return EditResult.HIDDEN
        case Verdict.CONTENT:
            return EditResult.REFUSED
    return EditResult.GONE
