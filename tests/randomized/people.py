"""The people of a run: they add notes, say things twice, press buttons and delete messages."""

from __future__ import annotations

from random import Random

from bot.sandbox.discord import Channel, DiscordServer, Member, Message, RecordedRequest, Role
from bot.sandbox.sonoran import SonoranServer
from tests.randomized.faults import BLOCKED, CRASHING
from tests.randomized.truth import Spoken, told_by

CALLS = range(201, 211)
MOST_WAITING = 60
"""At so many notes without a final answer people wait before they add more."""

_NEIGHBOURS = ("e" + "\u0301\u0323" * 2000, "\U0001f6a8" * 4000)

_ENDINGS = ("north", "two cars, no injuries", "first line\nsecond line", "x" * 1900)


class People:
    """Two guilds with their dispatchers, some of whom have the same name.

    `random` decides what they do; `spoken` is every note they wanted added. So many `neighbours`,
    notes of others that are long and costly to compare, stand on each of two calls.
    """

    def __init__(
        self, random: Random, discord: DiscordServer, cad: SonoranServer, neighbours: int
    ) -> None:
        self.spoken: list[Spoken] = []
        self.roles: list[Role] = []
        self._random = random
        self._discord = discord
        self._members: list[tuple[Member, list[Channel]]] = []
        self._by_source: dict[int, Spoken] = {}
        self._open: list[Spoken] = []
        self._accepted = 0
        self._seen_requests = 0
        self._seen_messages = 0
        self._unanswered: list[RecordedRequest] = []
        self._confirmed: set[int] = set()
        for call in CALLS:
            cad.add_call(call)
        for call, text in zip(CALLS, _NEIGHBOURS, strict=False):
            for _ in range(neighbours):
                cad.add_note(call, text, label="Unit 9")
        for number in range(2):
            self._add_guild(number)

    def _add_guild(self, number: int) -> None:
        guild = self._discord.add_guild(name=f"County {number}")
        role = guild.add_role("Dispatcher")
        channels = [guild.add_channel(f"dispatch-{letter}") for letter in "ab"]
        self.roles.append(role)
        for name, nick in (("ann", "Unit 1"), ("bob", "Unit 1"), ("cy", "Cy"), ("dee", "Dee")):
            member = guild.add_member(f"{name}{number}", nick=nick, roles=[role])
            self._members.append((member, channels))

    @property
    def accepted(self) -> int:
        """How many notes were accepted so far and had their answer, those on their way included."""
        return self._accepted + len(self.waiting())

    def waiting(self) -> list[Spoken]:
        """Return the accepted notes that nobody was ever told the end of."""
        self.find_posts()
        for each in self._open:
            self._accepted += each.told is not None
        self._open = [
            each for each in self._open if each.told is None and not each.interaction.failed
        ]
        return [each for each in self._open if each.accepted]

    def find_posts(self) -> None:
        """See to which notes the bot's ordinary messages belong."""
        messages = self._discord.messages
        for message in messages[self._seen_messages :]:
            if message.nonce is not None:  # it begins with the interaction's id, in hexadecimal
                self._by_source[int(message.nonce.partition("-")[0], 16)].posted.append(message)
        self._seen_messages = len(messages)

    async def act(self) -> None:
        """Let somebody do something."""
        match self._random.choices(
            ["note", "same again", "same by another", "press", "delete"], [80, 4, 8, 12, 1]
        ):
            case ["same again"] if self.spoken:
                earlier = self._recent()
                await self._say(earlier.member, earlier.call, earlier.number)
            case ["same by another"] if self.spoken:
                earlier = self._recent()
                member, _ = self._random.choice(self._members)
                await self._say(member, earlier.call, earlier.number)
            case ["press"]:
                await self._press()
            case ["delete"]:
                self._delete()
            case _:
                member, _ = self._random.choice(self._members)
                await self._say(member, self._random.choice(CALLS), len(self.spoken))

    def _recent(self) -> Spoken:
        return self.spoken[-self._random.randint(1, min(10, len(self.spoken)))]

    async def _say(self, member: Member, call: int, number: int) -> None:
        channels = next(places for each, places in self._members if each is member)
        text = f"n{number}n {self._ending(number)}"
        after = self._confirmed_for(call)
        interaction = await self._discord.use_command(
            member, self._random.choice(channels), "callnote", {"call": str(call), "note": text}
        )
        self._note(Spoken(number, call, member, interaction, after))

    def _ending(self, number: int) -> str:
        """Return the rest of a note's text, the same whoever says it."""
        if number % 23 == 0:
            return f"ask <@{self._members[number % len(self._members)][0].id}>"
        if number % 29 == 0:
            return CRASHING if number % 203 == 0 else BLOCKED
        return _ENDINGS[-1] if number % 41 == 0 else _ENDINGS[number % 3]

    def _note(self, each: Spoken) -> None:
        self.spoken.append(each)
        self._open.append(each)
        self._by_source[each.interaction.id] = each

    async def _press(self) -> None:
        """Let a member of the guild press one of the buttons that can be seen."""
        buttons = [
            (message, button.custom_id)
            for each in self.spoken[-400:]
            for message in self._with_buttons(each)
            for button in message.buttons
            if button.custom_id
        ]
        if not buttons:
            return
        message, custom_id = self._random.choice(buttons)
        _, action, note_id = custom_id.split(":")
        each = self._by_source[int(note_id)]
        after = self._confirmed_for(each.call)
        pressed = await self._discord.press_button(each.member, message, custom_id)
        if action == "add":
            self._note(Spoken(each.number, each.call, each.member, pressed, after))
        else:
            each.presses.append((action, pressed))

    def _with_buttons(self, each: Spoken) -> list[Message]:
        private = [message for message in each.interaction.messages if message.ephemeral]
        return [m for m in (*each.visible, *private) if m.buttons and not m.deleted]

    def _delete(self) -> None:
        """Let somebody delete a public message that does not say yet what became of its note."""
        places = [m for each in self.waiting() for m in each.visible if told_by(m) is None]
        if places:
            self._discord.world.messages.delete(self._random.choice(places))

    def _confirmed_for(self, call: int) -> list[Spoken]:
        """Return a call's latest notes whose acknowledgement Discord has confirmed by now."""
        requests = self._discord.requests
        self._unanswered += [
            request for request in requests[self._seen_requests :] if request.route == "callback"
        ]
        self._seen_requests = len(requests)
        answered = [request for request in self._unanswered if request.status is not None]
        self._unanswered = [each for each in self._unanswered if each not in answered]
        self._confirmed |= {_interaction_of(r) for r in answered if r.status in (200, 204)}
        return [
            each
            for each in self.spoken[-300:]
            if each.call == call and each.accepted and each.interaction.id in self._confirmed
        ]


def _interaction_of(request: RecordedRequest) -> int:
    """Return the id in `/interactions/ID/TOKEN/callback`."""
    return int(request.path.split("/")[2])
