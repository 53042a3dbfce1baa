"""The texts of the form for a note, and of a note that is made of a message."""

from __future__ import annotations

OPEN_AGAIN = "Try again"

NAMELESS = "Somebody"  # a webhook may have a name that shows nothing
NO_TEXT = "(The message has no text.)"
SHORTENED = "… (shortened)"

FORM_TITLE = "Add to dispatch call"
"""The message command's name, and the title of the form; people see it in Discord."""

FORM_CALL = "Call"
FORM_CALL_HELP = "The live calls; those that the message may be about come first."
FORM_NUMBER = "Another call's number"
FORM_NUMBER_HELP = (
    "For a call that is not in the list. A number here replaces what is chosen above."
)
FORM_NUMBER_ALONE = "Call number"
FORM_NUMBER_ALONE_HELP = "The live calls are not known now."
FORM_NOTE = "Note"
FORM_NOTE_HELP = "Everyone working the call can read it."


def written_by(name: str, time: str) -> str:
    """Return the first line of a note that was made of a message."""
    return f"{name} wrote, {time}:"


def forwarded_from(time: str) -> str:
    """Return the line before the text of a message that was forwarded; Discord names no author."""
    return f"Forwarded message, {time}:"
