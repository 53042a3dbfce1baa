"""Draws `docs/callnote.svg`: what Discord shows in a session of the sandbox.

`python -m tests.documents.picture` writes the file. Colours, and where things stand, are as in
Discord's own client; the texts are what the bot sent.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from bot.sandbox.discord import Message
from bot.sandbox.discord.markdown import render
from bot.sandbox.scene import Scene, open_scene
from tests.documents.sentences import ROOT

FILE = ROOT / "docs" / "callnote.svg"

PERSON, COMMAND = "dispatcher", "callnote"
TYPED = {"call": "vine"}
NOTES = (
    ({"call": "517", "note": "Two suspects in a red car"}, "ok", "\n-# "),
    ({"call": "51", "note": "Silent alarm, front door open"}, "ok", "Did you mean"),
    ({"call": "130", "note": "Lost sight of it on the bridge"}, "limited", "⏳ Queued"),
)
"""What is typed, how the CAD is, and what the message to be shown contains."""

PATIENCE = 60.0  # seconds

WIDTH, MARGIN, INDENT = 760, 16, 72
TEXT, SMALL = 20, 16  # the heights of lines
CHARACTERS = 84  # of a line at most
FONT = "'gg sans', 'Noto Sans', 'Helvetica Neue', Helvetica, Arial, sans-serif"


@dataclass(frozen=True)
class Answer:
    """A message of the bot: its lines as they are shown, and the labels of its buttons."""

    lines: tuple[str, ...]
    small: tuple[str, ...]
    buttons: tuple[str, ...]


async def session() -> tuple[list[str], list[Answer]]:
    """Return what Discord offers while a call is typed, and the answers to some notes."""
    async with open_scene() as scene, asyncio.timeout(PATIENCE):
        while not (offered := await scene.type_option(PERSON, COMMAND, TYPED, "call")):
            pass  # the list of calls is still being read
        return offered, [await _answer(scene, *each) for each in NOTES]


async def _answer(scene: Scene, options: dict[str, str], manner: str, wanted: str) -> Answer:
    await scene.cads.behave(manner)
    interaction = await scene.use_command(PERSON, COMMAND, options)
    message = await interaction.answered()
    assert await scene.until(lambda: wanted in message.content, PATIENCE)
    return _shown(message)


def _shown(message: Message) -> Answer:
    lines = message.content.splitlines()
    small = [each for each in lines if each.startswith("-# ")]
    return Answer(
        tuple(render(each).text for each in lines if each not in small),
        tuple(render(each).text for each in small),
        tuple(button.label for button in message.buttons),
    )


class Drawing:
    """An SVG that grows downwards; `y` is where the next thing begins."""

    def __init__(self) -> None:
        self.y = 0
        self._parts: list[str] = []

    def text(self, x: int, text: str, height: int = TEXT, *, fill: str = "#dbdee1") -> None:
        self._parts.append(
            f'<text x="{x}" y="{self.y + height * 3 // 4}" font-size="{height * 3 // 4}"'
            f' fill="{fill}">{escape(text, quote=False)}</text>'
        )

    def box(self, x: int, width: int, height: int, fill: str, radius: int = 8) -> None:
        self._parts.append(
            f'<rect x="{x}" y="{self.y}" width="{width}" height="{height}" rx="{radius}"'
            f' fill="{fill}"/>'
        )

    def svg(self) -> str:
        size = f'viewBox="0 0 {WIDTH} {self.y}" width="{WIDTH}" height="{self.y}"'
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">',
                f'<rect width="{WIDTH}" height="{self.y}" rx="8" fill="#313338"/>',
                *self._parts,
                "</svg>\n",
            ]
        )


def draw(offered: list[str], answers: list[Answer]) -> str:
    """Return the picture of a channel with these answers, in which a call is being typed."""
    drawing = Drawing()
    drawing.y = MARGIN
    drawing.text(MARGIN, "# dispatch", fill="#f2f3f5")
    drawing.y += TEXT + MARGIN // 2
    drawing.box(0, WIDTH, 1, "#1f2023", 0)
    for each in answers:
        drawing.y += MARGIN
        _draw_answer(drawing, each)
    drawing.y += MARGIN
    _draw_input(drawing, offered)
    drawing.y += MARGIN
    return drawing.svg()


def _draw_answer(drawing: Drawing, answer: Answer) -> None:
    drawing.text(INDENT, f"Dana D-2 used /{COMMAND}", SMALL, fill="#949ba4")
    drawing.y += SMALL + 6
    drawing.box(MARGIN, 40, 40, "#5865f2", 20)
    drawing.y += 8
    drawing.text(MARGIN + 14, "C", TEXT + 4, fill="#ffffff")
    drawing.y -= 8
    drawing.text(INDENT, "Callnote", fill="#f2f3f5")
    drawing.box(INDENT + 72, 32, 16, "#5865f2", 3)
    drawing.text(INDENT + 76, "APP", 14, fill="#ffffff")
    drawing.y += TEXT + 2
    for line in answer.lines:
        for part in wrap(line, CHARACTERS):
            drawing.text(INDENT, part)
            drawing.y += TEXT + 2
    for line in answer.small:
        drawing.text(INDENT, line, SMALL, fill="#949ba4")
        drawing.y += SMALL + 4
    x = INDENT
    for label in answer.buttons:
        width = _width(label) + 32
        drawing.y += 4
        drawing.box(x, width, 32, "#4e5058")
        drawing.y += 6
        drawing.text(x + 16, label, fill="#ffffff")
        drawing.y -= 10
        x += width + 8
    drawing.y += 40 if answer.buttons else 0


def _draw_input(drawing: Drawing, offered: list[str]) -> None:
    drawing.box(MARGIN, WIDTH - 2 * MARGIN, 30 * len(offered) + 34, "#2b2d31")
    drawing.y += 8
    drawing.text(2 * MARGIN, "OPTIONS", SMALL, fill="#b5bac1")
    drawing.y += 22
    for name in offered:
        drawing.text(2 * MARGIN, name)
        drawing.y += 30
    drawing.y += MARGIN
    drawing.box(MARGIN, WIDTH - 2 * MARGIN, 44, "#383a40")
    drawing.y += 12
    drawing.text(2 * MARGIN, f"/{COMMAND}", fill="#f2f3f5")
    x = 2 * MARGIN + _width(f"/{COMMAND}") + 8
    for name, text in TYPED.items():
        drawing.box(x, _width(f"{name} {text}") + 20, 22, "#1e1f22", 4)
        drawing.text(x + 8, f"{name} {text}")
    drawing.y += 32


def _width(text: str) -> int:
    """Return about how wide a text is."""
    return 8 * len(text)


async def picture() -> str:
    """Return the picture as it should be."""
    return draw(*await session())


if __name__ == "__main__":
    FILE.write_text(asyncio.run(picture()), encoding="utf-8")
