"""How a Discord client displays the content of a message.

Sources: Discord Support, "Markdown Text 101"; Discord API docs, Reference, "Message Formatting";
and for what is not written there (escapes, which closing marks count) how the client's own
parser, a descendant of the simple-markdown library, behaves. Where that is uncertain the text is
taken to be markup, so that whatever passes here as plain is plain for every reader.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

_NO_NAMES: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True)
class Rendered:
    """What a reader sees: `text` without marks, and the names of the constructs at work.

    The names: "bold", "italic", "underline", "strikethrough", "spoiler", "code", "code block",
    "heading", "subtext", "list", "quote", "link", "preview", "invite", "user mention",
    "role mention", "channel mention", "everyone mention", "command mention", "custom emoji",
    "emoji", "timestamp", "navigation", "line break".
    """

    text: str
    features: frozenset[str]


def render(content: str, names: Mapping[int, str] = _NO_NAMES) -> Rendered:
    """Return how `content` looks; `names` gives users, roles and channels their names by id."""
    return _Renderer(content, names).run()


_LINE_BREAKS = "\n\r\v\f\x85\u2028\u2029"
_SHRUG = "¯\\_(ツ)_/¯"  # the client shows this one with its backslash

# A backslash makes any character literal except these (and white space).
_NOT_ESCAPABLE = re.compile(r"[0-9A-Za-z\s]")

_BARE_LINK = re.compile(r"(?:https?|steam|discord)://[^\s<]+", re.IGNORECASE)
_INVITE = re.compile(
    r"(?:discord\.(?:gg|new|gift)|discord(?:app)?\.com/(?:invite|template|gifts|events))/[\w-]",
    re.IGNORECASE,
)
_EVERYONE = re.compile(r"@(?:everyone|here)")
_SHORTCODE = re.compile(r":[\w+-]+:")

_LINE_STARTS = (
    ("quote", re.compile(r"[^\S\n]*(?:>>>|>)[^\S\n]+"), ""),
    ("subtext", re.compile(r"[^\S\n]*-#[^\S\n]+"), ""),
    ("heading", re.compile(r"[^\S\n]*#{1,3}[^\S\n]+"), ""),
    ("list", re.compile(r"[^\S\n]*(?:[-*+]|\d+\.)[^\S\n]+"), "• "),
)
"""Marks that count at the start of a line; after one of them the next may follow."""

_ANGLES = (
    ("user mention", re.compile(r"<@!?(\d+)>")),
    ("role mention", re.compile(r"<@&(\d+)>")),
    ("channel mention", re.compile(r"<#(\d+)>")),
    ("command mention", re.compile(r"</([^<>:\n]{1,150}):\d+>")),
    ("custom emoji", re.compile(r"<a?(:\w{1,100}:)\d+>")),
    ("timestamp", re.compile(r"<t:([+-]?\d{1,30})(?::\w+)?>")),
    ("navigation", re.compile(r"<(id:[^<>\s]{1,100})>")),
    ("link", re.compile(r"<([^: <>\n]{1,100}:/[^ <>\n]{1,2048})>")),
    ("link", re.compile(r"<((?:mailto:|tel:|sms:)?[^\s<>@]{1,200}@[^\s<>@]{1,200})>")),
    ("link", re.compile(r"<((?:tel:|sms:|\+)[+\d][\d ()-]{1,30})>")),
    ("custom emoji", re.compile(r"<(sound:\d+:\d+)>")),
)
_MENTION_MARKS = {"user mention": "@", "role mention": "@", "channel mention": "#"}

# Opening mark, and the pattern of what may close it. The closing mark need not be free of a
# backslash: the client's patterns do not look at escapes everywhere.
_SPANS = (
    ("**", "bold", re.compile(r"\*\*(?!\*)")),
    ("*", "italic", re.compile(r"\*(?!\*)")),
    ("__", "underline", re.compile(r"__(?!_)")),
    ("_", "italic", re.compile(r"_(?![0-9A-Za-z_])")),
    ("~~", "strikethrough", re.compile(r"~~")),
    ("||", "spoiler", re.compile(r"\|\|")),
)


class _Renderer:
    """One walk over the content from left to right, each place looked at a bounded number of times.

    What a search did not find is remembered, since it cannot be found further right either.
    """

    def __init__(self, content: str, names: Mapping[int, str]) -> None:
        self._content = content
        self._names = names
        self._shown: list[str] = []
        self._features: set[str] = set()
        self._skip: dict[int, int] = {}
        self._without_closing: set[str] = set()
        self._backtick_runs: dict[int, list[int]] = {}
        for run in re.finditer("`+", content):
            self._backtick_runs.setdefault(len(run[0]), []).append(run.start())

    def run(self) -> Rendered:
        content = self._content
        if any(character in content for character in _LINE_BREAKS):
            self._features.add("line break")
        if _INVITE.search(content):
            self._features |= {"invite", "preview"}
        position = self._line_start(0)
        while position < len(content):
            if position in self._skip:
                position = self._skip[position]
                continue
            position = self._step(position)
        return Rendered("".join(self._shown), frozenset(self._features))

    def _show(self, text: str, position: int) -> int:
        self._shown.append(text)
        return position

    def _step(self, position: int) -> int:
        """Show what stands at `position` and return where to go on."""
        content = self._content
        character = content[position]
        if character in _LINE_BREAKS:
            return self._line_start(self._show(character, position + 1))
        if content.startswith(_SHRUG, position):
            return self._show(_SHRUG, position + len(_SHRUG))
        if character == "\\":
            following = content[position + 1 : position + 2]
            if following and not _NOT_ESCAPABLE.match(following):
                return self._show(following, position + 2)
            return self._show(character, position + 1)
        after: int | None = None
        if character == "`":
            after = self._code(position)
        elif character == "<":
            after = self._angle(position)
        elif character == "[":
            after = self._masked_link(position)
        elif character == "@":
            after = self._pattern(_EVERYONE, position, "everyone mention")
        elif character == ":":
            after = self._pattern(_SHORTCODE, position, "emoji")
        elif character in "hHsSdD":
            after = self._pattern(_BARE_LINK, position, "link", "preview")
        elif character in "*_~|":
            after = self._span(position)
        return self._show(character, position + 1) if after is None else after

    def _line_start(self, position: int) -> int:
        """Take the marks that count only at the start of a line; return where the text begins."""
        while True:
            for feature, pattern, shown in _LINE_STARTS:
                mark = pattern.match(self._content, position)
                if mark:
                    self._features.add(feature)
                    position = self._show(shown, mark.end())
                    break
            else:
                return position

    def _pattern(self, pattern: re.Pattern[str], position: int, *features: str) -> int | None:
        found = pattern.match(self._content, position)
        if found is None:
            return None
        self._features.update(features)
        return self._show(found[0], found.end())

    def _angle(self, position: int) -> int | None:
        for feature, pattern in _ANGLES:
            found = pattern.match(self._content, position)
            if found:
                self._features.add(feature)
                return self._show(self._angle_text(feature, found[1]), found.end())
        return None

    def _angle_text(self, feature: str, inner: str) -> str:
        if feature in _MENTION_MARKS:
            known = self._names.get(int(inner)) if len(inner) <= 20 else None
            return _MENTION_MARKS[feature] + (known or "unknown")
        if feature == "command mention":
            return "/" + inner
        if feature == "timestamp":
            try:
                return datetime.fromtimestamp(int(inner), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            except (OverflowError, ValueError, OSError):
                return "Invalid Date"
        return inner

    def _code(self, position: int) -> int | None:
        content = self._content
        if content.startswith("```", position) and "```" not in self._without_closing:
            end = content.find("```", position + 4)
            if end < 0:
                self._without_closing.add("```")
            elif content[position + 3 : end].strip("\n"):
                inner = content[position + 3 : end]
                self._features.add("code block")
                language = re.match(r"[A-Za-z0-9_+\-.#]+\n", inner)
                inner = inner[language.end() :] if language else inner
                return self._show(inner.strip("\n"), end + 3)
        opening = re.compile("`+").match(content, position)
        assert opening is not None  # noqa: S101 - the caller saw the backtick
        # As the client's pattern does, try the whole run first and then shorter ones.
        for length in sorted(self._backtick_runs, reverse=True):
            if length > len(opening[0]):
                continue
            starts = self._backtick_runs[length]
            index = bisect_left(starts, opening.end() + 1)
            if index < len(starts):
                self._features.add("code")
                inner = content[position + length : starts[index]]
                return self._show(inner, starts[index] + length)
        return None

    def _masked_link(self, position: int) -> int | None:
        """Take `[text](target)`; the text can itself be marked up, so only the ends are skipped."""
        if "](" in self._without_closing:
            return None
        middle = self._content.find("](", position + 1)
        end = self._content.find(")", middle + 2) if middle >= 0 else -1
        if end < 0:
            self._without_closing.add("](")
            return None
        self._features.add("link")
        self._skip[middle] = end + 1
        return position + 1

    def _span(self, position: int) -> int | None:
        for mark, feature, closing in _SPANS:
            if mark in self._without_closing or not self._content.startswith(mark, position):
                continue
            found = closing.search(self._content, position + len(mark) + 1)
            if found is None:
                self._without_closing.add(mark)
                continue
            self._features.add(feature)
            self._skip.setdefault(found.start(), found.end())
            return position + len(mark)
        return None
