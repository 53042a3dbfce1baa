"""Makes a note of a message that somebody wrote in Discord: who wrote it, when, and what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

import discord

from bot.interactions.markdown import beginning, one_line, utf16_units, without_controls
from bot.notes.form_texts import NAMELESS, NO_TEXT, SHORTENED, forwarded_from, written_by
from bot.notes.parsing import NOTE_LIMIT, has_visible
from bot.sonoran import LARGEST_CALL

MOST_NUMBERS = 5
"""Calls that a message may name for them to be offered first."""

_LONGEST_NAME = 100
_NUMBER = re.compile(r"(?<![\w#<&/])#([0-9]{1,16})(?![\w-])")
# The CAD's Discord webhooks write a footer of who, type and ids (documentation, Discord Webhooks):
# a dispatch call that is new (5), edited (6) or closed (7), its id, and but for 7 its server's.
_FOOTER = re.compile(
    r"\|\s*[567]\s*\|\s*(?P<call>[0-9]{1,16})\s*(?:\|\s*(?P<server>[0-9]{1,9})\s*)?$"
)

_Source = discord.Message | discord.MessageSnapshot


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a note; one that is not `whole` may be shortened."""

    text: str
    whole: bool = False


def note_of(message: discord.Message, zone: tzinfo, words: Callable[[str], str]) -> str:
    """Return a message as the text of a note, at most `NOTE_LIMIT` UTF-16 units.

    It begins with the author and the message's own time in `zone`, and ends with the message's
    address if there is room. Between are its content, the texts of its embeds and components, what
    was forwarded with it, and the addresses of its attachments, which are never cut. `words` gives
    the words for Discord's codes in a text.
    """
    head = _Part(written_by(_name(message.author), _time(message.created_at, zone)))
    parts = [part for part in _parts(message, words) if has_visible(part.text)]
    for snapshot in message.message_snapshots:
        inner = [part for part in _parts(snapshot, words) if has_visible(part.text)]
        if inner:
            parts += [_Part(forwarded_from(_time(snapshot.created_at, zone))), *inner]
    parts = [head, *(parts or [_Part(NO_TEXT)])]
    return _joined(parts, message.jump_url)


def calls_named_in(message: discord.Message, server_id: int, place: str) -> list[int]:
    """Return the ids of calls that a message names, the surest first, at most `MOST_NUMBERS`.

    First the call in the footer of a post by the CAD's own Discord webhook, if it is on the CAD
    server `server_id`; then each `#123` in the message, and in `place`, the name of its channel.
    """
    found = list(_in_footers(message, server_id)) if message.webhook_id is not None else []
    texts = [part.text for source in _sources(message) for part in _parts(source)]
    for text in (*texts, place):
        found += map(int, _NUMBER.findall(text))
    usable = (number for number in found if 1 <= number <= LARGEST_CALL)
    return list(dict.fromkeys(usable))[:MOST_NUMBERS]


def _in_footers(message: discord.Message, server_id: int) -> Iterator[int]:
    for embed in message.embeds:
        footer = _FOOTER.search((embed.footer.text or "")[-200:])
        if footer and int(footer["server"] or server_id) == server_id:
            yield int(footer["call"])


def _sources(message: discord.Message) -> list[_Source]:
    return [message, *message.message_snapshots]


def _parts(source: _Source, words: Callable[[str], str] = str) -> list[_Part]:
    """Return the texts of a message, or of one that was forwarded, in the order to show them."""

    def cleaned(texts: Iterable[str | None]) -> str:
        lines = (without_controls(words(text)).strip() for text in texts if text)
        return "\n".join(filter(None, lines))

    parts = [_Part(cleaned([source.content]))]
    parts += [_Part(one_line(each.url), whole=True) for each in source.attachments]
    parts += [_Part(f"({one_line(sticker.name)})") for sticker in source.stickers]
    if isinstance(source, discord.Message) and source.poll is not None:
        answers = (answer.text for answer in source.poll.answers)
        parts.append(_Part(cleaned([source.poll.question, *answers])))
    parts += [_Part(cleaned(_texts_of_embed(embed))) for embed in source.embeds]
    parts.append(_Part(cleaned(_texts_of_components(source.components))))
    return parts


def _texts_of_embed(embed: discord.Embed) -> Iterator[str | None]:
    yield embed.author.name
    yield embed.title
    yield embed.description
    for field in embed.fields:
        yield ": ".join(filter(None, (field.name, field.value)))
    yield embed.footer.text


def _texts_of_components(components: Sequence[object]) -> Iterator[str]:
    """Return the texts that are shown among a message's components, at any depth."""
    left = list(components)
    while left:
        component = left.pop(0)
        if isinstance(component, discord.TextDisplay):
            yield component.content
        left[:0] = getattr(component, "children", ())


def _joined(parts: Sequence[_Part], link: str) -> str:
    """Return the parts, each on a line of its own, and the link, as far as there is room."""
    whole = "\n".join(part.text for part in parts)
    for text in (f"{whole}\n{link}", whole):
        if utf16_units(text) <= NOTE_LIMIT:
            return text
    # What may not be cut is kept before what may.
    room = NOTE_LIMIT - utf16_units(SHORTENED) - 1
    kept: dict[int, str] = {}
    for at, part in sorted(enumerate(parts), key=lambda each: (each[0] > 0, not each[1].whole)):
        units = utf16_units(part.text) + 1
        if units <= room:
            kept[at] = part.text
        elif not part.whole and room > 1:
            kept[at] = beginning(part.text, room - 1)
        else:
            continue
        room -= utf16_units(kept[at]) + 1
    return "\n".join([*(kept[at] for at in sorted(kept)), SHORTENED])


def _name(author: discord.abc.User) -> str:
    name = one_line(author.display_name)[:_LONGEST_NAME]
    return name if has_visible(name) else NAMELESS


def _time(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z").strip()
