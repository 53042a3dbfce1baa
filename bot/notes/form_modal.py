"""The form for a note as Discord has it: how it is made, and read when it is submitted."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import discord

from bot.calls.texts import call_label
from bot.interactions.components import DynamicItem, dynamic_item, field_values, stopped
from bot.notes import form_texts as texts
from bot.notes.parsing import NOTE_LIMIT
from bot.sonoran import DispatchCall
from bot.storage.tables import LARGEST_ID

_CUSTOM_ID = re.compile(
    r"callnote-form:(?P<server>[1-9][0-9]{0,8}):(?P<source>[0-9]{1,20})"
    r":(?P<nonce>(?P<mark>[0-9a-f]{8})[0-9a-f]{8})"
)
_AGAIN = re.compile(
    r"callnote-again:(?:(?P<mark>[0-9a-f]{8}):)?(?P<server>0|[1-9][0-9]{0,8})"
    r":(?P<source>[0-9]{1,20})"
)
_CALL, _NUMBER, _NOTE = "call", "number", "note"
_NUMBER_LIMIT = 100  # characters of a call's number, as in `/callnote`

_Interaction = discord.Interaction[Any]
_Field = discord.ui.TextInput[discord.ui.Modal]


@dataclass(frozen=True, slots=True)
class SubmittedForm:
    """What was submitted, all of which a user may have forged.

    `mark` is that of the community whose calls the form showed, `call` the number that was typed or
    else chosen, empty without either; `source_id` is the message that the form was made of.
    """

    server_id: int
    source_id: int | None
    mark: str
    call: str = field(repr=False)
    text: str = field(repr=False)


def submitted_form(interaction: _Interaction) -> SubmittedForm | None:
    """Return the form for a note that was submitted; None for any other form."""
    data: Mapping[str, object] = interaction.data or {}
    found = _CUSTOM_ID.fullmatch(str(data.get("custom_id")))
    if found is None:
        return None
    values, nonce = field_values(data), found["nonce"]
    return SubmittedForm(
        int(found["server"]),
        _source_id(found),
        found["mark"],
        values.get(f"{_NUMBER}:{nonce}") or values.get(f"{_CALL}:{nonce}", ""),
        values.get(f"{_NOTE}:{nonce}", ""),
    )


def note_form(
    server_id: int,
    source_id: int | None,
    mark: str,
    text: str,
    calls: Sequence[DispatchCall],
    *,
    chosen: int | None,
    age: float,
) -> discord.ui.Modal:
    """Return the form, whose ids no form had before; they begin with the `mark`.

    Some clients show the first form that they saw under an id, with its text
    (discord/discord-api-docs, issue 7554).
    """
    nonce = mark + secrets.token_hex(4)
    form = discord.ui.Modal(
        title=texts.FORM_TITLE, custom_id=f"callnote-form:{server_id}:{source_id or 0}:{nonce}"
    )
    if calls:
        select = discord.ui.Select[discord.ui.Modal](
            custom_id=f"{_CALL}:{nonce}",
            required=False,
            min_values=0,
            options=[
                discord.SelectOption(
                    label=call_label(call, age=age),
                    value=str(call.call_id),
                    default=call.call_id == chosen,
                )
                for call in calls
            ],
        )
        form.add_item(
            discord.ui.Label(
                text=texts.FORM_CALL, description=texts.FORM_CALL_HELP, component=select
            )
        )
    listed = any(call.call_id == chosen for call in calls)
    number = _Field(
        custom_id=f"{_NUMBER}:{nonce}",
        required=not calls,
        max_length=_NUMBER_LIMIT,
        default=None if chosen is None or listed else str(chosen),
    )
    note = _Field(
        custom_id=f"{_NOTE}:{nonce}",
        style=discord.TextStyle.paragraph,
        max_length=NOTE_LIMIT,
        default=text or None,
    )
    words = (texts.FORM_NUMBER, texts.FORM_NUMBER_HELP)
    if not calls:
        words = (texts.FORM_NUMBER_ALONE, texts.FORM_NUMBER_ALONE_HELP)
    form.add_item(discord.ui.Label(text=words[0], description=words[1], component=number))
    form.add_item(
        discord.ui.Label(text=texts.FORM_NOTE, description=texts.FORM_NOTE_HELP, component=note)
    )
    return stopped(form)


def again_view(form: SubmittedForm) -> discord.ui.View:
    """Return the button that opens a refused form again."""
    view = discord.ui.View(timeout=None)
    custom_id = f"callnote-again:{form.mark}:{form.server_id}:{form.source_id or 0}"
    view.add_item(discord.ui.Button(label=texts.OPEN_AGAIN, custom_id=custom_id))
    return stopped(view)


def again_button(
    press: Callable[[_Interaction, str, int, int | None], Awaitable[None]],
) -> type[DynamicItem]:
    """Return the dynamic item for these buttons.

    `press` gets the mark, the CAD server and the message of the form; the first buttons have no
    mark.
    """

    async def press_matched(interaction: _Interaction, found: re.Match[str]) -> None:
        await press(interaction, found["mark"] or "", int(found["server"]), _source_id(found))

    return dynamic_item(_AGAIN, press_matched)


def _source_id(found: re.Match[str]) -> int | None:
    source_id = int(found["source"])
    return source_id if 0 < source_id <= LARGEST_ID else None
