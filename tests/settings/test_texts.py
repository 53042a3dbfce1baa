"""Whatever things are called, a sentence about settings is one message without effects."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from itertools import product
from typing import get_type_hints

from hypothesis import given

from bot.interactions.markdown import CONTENT_LIMIT
from bot.sandbox.discord.markdown import render
from bot.settings import texts
from bot.settings.texts import listed
from tests.hostile_text import few, hostile_texts, utf16_units

SENTENCES = [
    function
    for name, function in inspect.getmembers(texts, inspect.isfunction)
    if name.endswith(("_now", "_shown"))
]


@few
@given(hostile_texts())
def test_a_sentence_has_no_effects_and_fits_one_message(name: str) -> None:
    values: dict[object, Sequence[object]] = {
        bool: (True, False),
        int: (2,),
        str: (name,),
        str | None: (name, None),
        Sequence[str]: ([name] * 25,),
    }
    assert SENTENCES
    for sentence in SENTENCES:
        kinds = get_type_hints(sentence)
        del kinds["return"]
        for chosen in product(*map(values.__getitem__, kinds.values())):
            content = sentence(**dict(zip(kinds, chosen, strict=True)))
            assert utf16_units(content) <= CONTENT_LIMIT
            assert render(content).features == frozenset()


def test_names_are_listed_as_people_do() -> None:
    assert listed(["A"]) == "@A"
    assert listed(["A", "B"]) == "@A and @B"
    assert listed(["A", "B", "C"]) == "@A, @B and @C"
