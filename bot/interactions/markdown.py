"""Escapes untrusted text, so that Discord shows exactly that text.

Discord shows the character after a backslash as it is when that is neither a letter, a digit nor
white space (Discord Markdown guide), so whatever could start a construct gets one. The text
becomes a single line, which leaves headings, lists and quotes only its first character.
"""

from __future__ import annotations

import re

from bot.stream_safe import stream_safe

CONTENT_LIMIT = 2000
"""Discord's limit for a message's content (Discord API reference, Create Message).

We count UTF-16 units, the larger of the two ways in which it could be counted.
"""

LINE_BREAK_SIGN = "↵"

_LINE_BREAK = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Unicode's control characters but for the line feed, and bidirectional overrides and isolates.
_CONTROL = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")

# What starts a construct anywhere, and what does only with what follows: `://` makes a link,
# `:name:` an emoji, `discord.gg/` and the like an invitation, which is previewed without a scheme.
_ANYWHERE = frozenset("\\*_~`|[]<@")
_BEFORE = re.compile(
    r":(?=//|[\w+~-]{1,64}:)|\.(?=(?:gg|com|gift|new|me|io|li|link)\b)|/(?=invite)",
    re.IGNORECASE,
)
# Discord may drop invisible characters before it looks at the start of the line.
_START = re.compile(
    r"[\s\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u2064\ufeff]*(?:[#>+-]|\d+[.)])"
)

_BACKSLASH = re.compile(r"\\(.)")

_TAIL = 48  # characters; keeps `' added to call #9007199254740991` when a reply is shortened


def without_controls(text: str) -> str:
    """Return the text without control characters and bidirectional overrides.

    Line breaks of every kind become a line feed, tabs a space, halves of a surrogate pair U+FFFD.
    Of a long run of combining marks the beginning is left.
    """
    if not text.isprintable():  # as nothing is of what goes
        text = _LINE_BREAK.sub("\n", text).replace("\t", " ")
        text = _CONTROL.sub("", _SURROGATE.sub("\ufffd", text))
    return stream_safe(text)


def one_line(text: str) -> str:
    """Return a name without control characters and line breaks."""
    return " ".join(without_controls(text).split())


def escape_markdown(text: str, *, limit: int = CONTENT_LIMIT) -> str:
    """Return content that Discord shows as the text itself, on one line.

    Line breaks become a sign, outer white space is dropped. The result has at most `limit` UTF-16
    units (150 or more); a longer text visibly loses its middle and keeps its end. Runs in linear
    time.
    """
    lines = (line.strip() for line in without_controls(text).split("\n"))
    pieces = _escaped(f" {LINE_BREAK_SIGN} ".join(filter(None, lines)))
    content = "".join(pieces)
    if utf16_units(content) <= limit:
        return content
    return _shortened(pieces, limit)


def unescaped(content: str) -> str:
    """Return the text that `escape_markdown` made content of, unless it was shortened."""
    return _BACKSLASH.sub(r"\1", content)


def _escaped(line: str) -> list[str]:
    """Return the line's characters, each with a backslash before it where it needs one."""
    risky = {found.start() for found in _BEFORE.finditer(line)}
    if start := _START.match(line):
        risky.add(start.end() - 1)
    return [
        f"\\{character}" if character in _ANYWHERE or position in risky else character
        for position, character in enumerate(line)
    ]


def _shortened(pieces: list[str], limit: int) -> str:
    mark = f" … ({len(pieces):,} characters, shortened here) … "
    tail = pieces[-_TAIL:]
    room = limit - len(mark) - sum(map(utf16_units, tail))
    kept = 0
    for piece in pieces[:-_TAIL]:
        room -= utf16_units(piece)
        if room < 0:
            break
        kept += 1
    return "".join(pieces[:kept]).rstrip() + mark + "".join(tail).lstrip()


def beginning(text: str, units: int) -> str:
    """Return the beginning of a text: at most so many UTF-16 units, no white space at its end."""
    kept = text[:units]
    while utf16_units(kept) > units:
        kept = kept[:-1]
    return kept.rstrip()


def utf16_units(text: str) -> int:
    """Return the text's length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
