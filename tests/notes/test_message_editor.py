"""What edits notes' messages remembers their texts and tokens, and shows neither."""

from __future__ import annotations

from typing import Any

from bot.notes.message_editor import MessageEditor


def test_neither_a_text_nor_a_token_is_in_the_repr() -> None:
    nothing: Any = None
    editor = MessageEditor(*[nothing] * 7)
    editor._shown[1] = 0.0, "Your note: some note here"
    editor._expired[1] = "interaction-token"
    assert "some note here" not in repr(editor)
    assert "interaction-token" not in repr(editor)
