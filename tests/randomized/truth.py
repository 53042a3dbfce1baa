"""Holds what the CAD stored against what Discord shows; knows nothing of the bot's own outbox."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum

from bot.sandbox.discord import DiscordServer, Interaction, Member, Message
from bot.sandbox.sonoran import SonoranServer
from tests.randomized.faults import is_note

NUMBER = re.compile(r"\bn(\d+)n\b")
"""By this every note carries its own number in its text."""


class Told(Enum):
    """What a public message says of its note in the end; the values are its first words."""

    ADDED = "NOTE "
    ADDED_WITHOUT_TEXT = "Added to call"
    FAILED = "Callnote stopped trying"
    REFUSED = "❌ Not added to call"
    UNCONFIRMED = "❓ Not confirmed for call"
    CANCELLED = "Cancelled: nothing was added"
    CANCELLED_UNSURE = "Cancelled, but it may have been added"

    @property
    def may_be_there(self) -> bool:
        """Whether the member was told that nobody knows."""
        return self in (Told.UNCONFIRMED, Told.CANCELLED_UNSURE)

    @property
    def is_there(self) -> bool:
        """Whether the member was told that the note was added."""
        return self in (Told.ADDED, Told.ADDED_WITHOUT_TEXT)


def told_by(message: Message) -> Told | None:
    """Return what a message says in the end, None while it says that something is to come."""
    lines = message.content.split("\n")
    if len(lines) > 1 and lines[1].startswith(Told.FAILED.value):
        return Told.FAILED
    return next((each for each in Told if lines[0].startswith(each.value)), None)


@dataclass(eq=False)
class Spoken:
    """A note that somebody wanted added.

    `number` is in its text, and is another's too where both say the same. `after` are the notes
    for the same call whose acknowledgement Discord had confirmed before this one was spoken.
    `presses` are the buttons pressed for it: the action, and the interaction. `posted` are ordinary
    messages about it, in place of ones that were deleted.
    """

    number: int
    call: int
    member: Member
    interaction: Interaction
    after: list[Spoken]
    presses: list[tuple[str, Interaction]] = field(default_factory=list)
    posted: list[Message] = field(default_factory=list)

    @property
    def key(self) -> tuple[int, str, int]:
        """What can be told apart in the CAD: call, label and number."""
        return self.call, self.member.display_name, self.number

    @property
    def messages(self) -> list[Message]:
        """Its public messages, the oldest first."""
        found = {
            message.id: message
            for interaction in (self.interaction, *(press for _, press in self.presses))
            for message in interaction.messages
            if not message.ephemeral
        } | {message.id: message for message in self.posted}
        return [found[message_id] for message_id in sorted(found)]

    @property
    def visible(self) -> list[Message]:
        """Those of them that nobody deleted."""
        return [message for message in self.messages if not message.deleted]

    @property
    def accepted(self) -> bool:
        """Whether Discord shows that the command was taken."""
        return bool(self.visible)

    @property
    def out_of_sight(self) -> bool:
        """Whether somebody deleted its message, and no other stands in its place."""
        return bool(self.messages) and not self.visible

    @property
    def told(self) -> Told | None:
        """What its member was told in the end; None for nothing final."""
        said = (told_by(message) for message in reversed(self.visible))
        return next((each for each in said if each is not None), None)

    @property
    def sent_again(self) -> int:
        """How often its member asked for it to be sent although it may be there."""
        return sum(action == "resend" for action, _ in self.presses)

    @property
    def kept_its_place(self) -> bool:
        """Whether no button has put it behind others."""
        return all(action == "cancel" for action, _ in self.presses)


@dataclass
class Verdict:
    """What came of a run: counts by name, and the notes that were not treated as promised."""

    counts: dict[str, int]
    offences: dict[str, list[Spoken]]

    @property
    def flawless(self) -> bool:
        """Whether every promise was kept."""
        return not any(self.offences.values())


def judge(cad: SonoranServer, spoken: list[Spoken]) -> Verdict:
    """Judge a run that has settled."""
    stored = _stored(cad)
    groups = _groups(spoken)
    accepted = [each for each in spoken if each.accepted]
    offences: dict[str, list[Spoken]] = {
        "lost": [],
        "doubled": [],
        "out of order": _overtaken(accepted, groups, stored),
        "untold": [each for each in accepted if each.told is None],
    }
    for key, group in groups.items():
        _count_copies(group, len(stored[key]), offences)
    told = [each.told for each in accepted]
    counts = {
        "accepted": len(accepted),
        "refused": told.count(Told.REFUSED),
        "added": sum(each is not None and each.is_there for each in told),
        "of these shown without text": told.count(Told.ADDED_WITHOUT_TEXT),
        "not confirmed": told.count(Told.UNCONFIRMED),
        "failed": told.count(Told.FAILED),
        "cancelled": told.count(Told.CANCELLED) + told.count(Told.CANCELLED_UNSURE),
    }
    return Verdict(counts | {name: len(notes) for name, notes in offences.items()}, offences)


def surely_doubled(cad: SonoranServer, spoken: list[Spoken]) -> bool:
    """Whether the CAD has a note more often than it was wanted, whatever members are told yet."""
    stored = _stored(cad)
    return any(
        len(stored[key]) > len(group) + sum(each.sent_again for each in group)
        for key, group in _groups(spoken).items()
    )


def _stored(cad: SonoranServer) -> dict[tuple[int, str, int], list[int]]:
    """Return where in their calls the CAD has the notes with a number."""
    stored: dict[tuple[int, str, int], list[int]] = defaultdict(list)
    for _, call in cad.calls:
        for position, note in enumerate(cad.notes(call)):
            if is_note(note) and (found := NUMBER.search(note.content)):
                stored[call, note.label, int(found[1])].append(position)
    return stored


def _groups(spoken: list[Spoken]) -> dict[tuple[int, str, int], list[Spoken]]:
    """Return the notes that say the same."""
    groups: dict[tuple[int, str, int], list[Spoken]] = defaultdict(list)
    for each in spoken:
        groups[each.key].append(each)
    return groups


def _count_copies(group: list[Spoken], copies: int, offences: dict[str, list[Spoken]]) -> None:
    """Compare the copies of notes that say the same with what their members were told."""
    accepted = [each for each in group if each.accepted]
    added = sum(each.told is not None and each.told.is_there for each in accepted)
    possible = sum(each.told is None or each.told.may_be_there for each in accepted)
    again = sum(each.sent_again for each in group)
    if copies < added:
        offences["lost"] += group[: added - copies]
    if (unexplained := copies - added - possible - again) > 0:
        hidden = [each for each in group if each.out_of_sight]
        doubled = bool(accepted) and unexplained > len(hidden)
        offences["doubled" if doubled else "untold"].append(group[0])


def _overtaken(
    accepted: list[Spoken],
    groups: dict[tuple[int, str, int], list[Spoken]],
    stored: dict[tuple[int, str, int], list[int]],
) -> list[Spoken]:
    """Return the notes that others overtook: accepted first, but in the CAD behind one of them."""
    place = {
        each: stored[each.key][0]
        for each in accepted
        if each.kept_its_place and len(groups[each.key]) == 1 and len(stored[each.key]) == 1
    }
    return list(
        {
            earlier: None
            for each, position in place.items()
            for earlier in each.after
            if place.get(earlier, -1) > position
        }
    )


def history(cad: SonoranServer, discord: DiscordServer, each: Spoken) -> list[str]:
    """Return lines that tell what happened to a note, for people."""
    call, label, number = each.key
    copies = [
        f"{position} at {note.time:%H:%M:%S.%f}"
        for position, note in enumerate(cad.notes(call))
        if is_note(note) and note.label == label and f"n{number}n" in note.content
    ]
    answers = [attempt.code or attempt.status for attempt in each.interaction.callbacks]
    lines = [
        f"n{number}n for call #{call} by {label}, interaction {each.interaction.id}",
        f"  in the CAD: {', '.join(copies) or 'nowhere'}",
        f"  callbacks: {answers}",
    ]
    lines += [
        f"  pressed {action}: {[attempt.code or attempt.status for attempt in press.callbacks]}"
        for action, press in each.presses
    ]
    lines += [
        f"  message {message.id}{' (deleted)' if message.deleted else ''}: "
        + " | ".join(edit.split("\n")[0][:60] or "thinking" for edit in message.edits)
        for message in each.messages
    ]
    for request in discord.requests:
        if each.interaction.token in request.path or str(each.interaction.id) in request.path:
            lines.append(f"  {request.method} {request.route}: {request.status}")
    return lines
