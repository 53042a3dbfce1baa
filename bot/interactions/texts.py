"""Catalogues of texts for people, and the texts that belong to no feature.

Each sentence says what happened and, in a few words, what to do next.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from bot.interactions.errors import InteractionProblem
from bot.interactions.markdown import escape_markdown

Text = str | Callable[..., str]
"""A template with named parameters, or a function of them where a template will not do."""

Catalogue = dict[StrEnum, Text]  # the texts of a feature, or of all of them, by their keys


def worded(catalogue: Catalogue, key: StrEnum, **data: object) -> str:
    """Return a catalogue's text as message content: one line, escaped."""
    text = catalogue[key]
    return escape_markdown(text.format(**data) if isinstance(text, str) else text(**data))


TEXTS: Catalogue = {
    InteractionProblem.NOT_IN_GUILD: (
        "Callnote is set up in a channel of a server, not in direct messages: use the command "
        "there."
    ),
    InteractionProblem.NOT_ADMINISTRATOR: (
        "To change or see Callnote's settings you need Manage Server in this server."
    ),
    InteractionProblem.OUTDATED_COMMAND: (
        "This command has changed: restart Discord and try again."
    ),
    InteractionProblem.HIDDEN_CHANNEL: (
        "Callnote cannot see that channel: give it View Channel there and try again."
    ),
    InteractionProblem.UNEXPECTED: (
        "Something went wrong in Callnote. Look at the call before you send the note again, and "
        "give an administrator this code: {reference}"
    ),
    InteractionProblem.UNEXPECTED_IN_SETTING: (
        "Something went wrong in Callnote. See /callnote-config status, and give the bot's host "
        "this code: {reference}"
    ),
    InteractionProblem.ANSWER_REFUSED: (
        "Discord does not show this answer, because of a name or a text in it."
    ),
    InteractionProblem.UNFINISHED: (
        "Callnote could not finish this command: try again. Administrators see more in "
        "/callnote-config status."
    ),
}
