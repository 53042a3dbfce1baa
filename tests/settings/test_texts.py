"""Whatever things are called, a sentence about settings is one message without effects."""

from __future__ import annotations

from hypothesis import given

from bot.interactions.markdown import CONTENT_LIMIT
from bot.sandbox.discord.markdown import render
from bot.settings.texts import (
    listed,
    log_channel_now,
    log_channel_shown,
    roles_now,
    roles_shown,
    server_now,
    server_shown,
)
from tests.hostile_text import few, hostile_texts, utf16_units

names = hostile_texts()


@few
@given(names)
def test_a_sentence_has_no_effects_and_fits_one_message(name: str) -> None:
    for content in (
        roles_now([name] * 25),
        roles_shown([name] * 25, chosen=True),
        roles_shown([name], chosen=False),
        server_now(2, name),
        server_shown(2, name, more=True),
        log_channel_now(name),
        log_channel_shown(name, None),
        log_channel_shown(name, "the channel is gone"),
    ):
        assert utf16_units(content) <= CONTENT_LIMIT
        assert render(content).features == frozenset()


def test_names_are_listed_as_people_do() -> None:
    assert listed(["A"]) == "@A"
    assert listed(["A", "B"]) == "@A and @B"
    assert listed(["A", "B", "C"]) == "@A, @B and @C"
