"""Texts that try to be more than text, and what may be measured about them."""

import re
import sys

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

# Else each process of the tests reads all of the product for constants to draw, which takes it a
# second or more; those that may start something are listed below.
providers._get_local_constants = lambda: providers._local_constants

# How long an example takes is no test's claim: a slow machine must not fail one. Without `explain`
# a failure is found and shrunk alike, but not every line is traced that an example executes.
settings.register_profile(
    "untimed",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.target, Phase.shrink],
)
settings.load_profile("untimed")

few = settings(max_examples=30)
"""For a claim that is so simple that a text which breaks it is soon found."""

some = settings(max_examples=60)
"""For a claim that many texts break, but not most."""

any_character = st.characters(exclude_categories=["Cs"])
"""As in `st.text()` by itself, which first takes seconds to find out what UTF-8 can encode."""

BREAKS = ("\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
BIDI_OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
CONTROLS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))
_CONTROL = re.compile(f"[{CONTROLS}{BIDI_OVERRIDES}]")

MARKDOWN = tuple("\\*_~`|[]()<>@#:/.!?+-=&{}^$%\"'0123456789abx ")
CONSTRUCTS = (
    "**bold**",
    "__under__",
    "_it_",
    "***",
    "~~gone~~",
    "||spoiler||",
    "`code`",
    "``",
    "```py\nx\n```",
    "[a](http://b.co)",
    "[a](<https://b.co> 'c')",
    "<https://a.co>",
    "<mailto:a@b.co>",
    "<tel:+123456789>",
    "http://a.co/b_c_d",
    "https://discord.gg/abc",
    "HTTPS://A.CO",
    "steam://x",
    "discord.gg/x",
    "DISCORD.GG/x",
    "discord.com/invite/x",
    "discordapp.com/invite/x",
    "discord.gift/abcdef",
    "discord.new/abc",
    "<@123456789012345678>",
    "<@123>",
    "<@!123>",
    "<@&123>",
    "<#1>",
    "@everyone",
    "@here",
    "</cmd:1>",
    "</a b c:12345678901234567>",
    "<:e:1>",
    "<:ee:123456789012345678>",
    "<a:ee:123456789012345678>",
    "<t:1700000000:R>",
    "<t:1>",
    "<id:customize>",
    ":smile:",
    ":+1:",
    ":flag_us:",
    ":a:b:",
    ":thumbsup::skin-tone-1:",
    "¯\\_(ツ)_/¯",
)
AT_LINE_STARTS = (
    "# ",
    "## ",
    "### ",
    "-# ",
    "- ",
    "* ",
    "+ ",
    "  - ",
    "1. ",
    "12) ",
    "> ",
    ">>> ",
    "-# # ",
    "- # ",
    "> - ",
    "---",
)
UNUSUAL = (
    "\0",
    "\x1b[31m",
    "\t",
    "\x7f",
    "\x9b",
    "\ud800",
    "\udc00",
    "\udfff",
    *BIDI_OVERRIDES,
    "\u200b",
    "\u200d",
    "\u200e",
    "\u200f",
    "\u2060",
    "\u2062",
    "\u061c",
    "\u00ad",
    "\ufeff",
    "\ufe0f",
    "\u00a0",
    "\u3000",
    "é",
    "e\u0301",
    "ß",
    "😀",
    "👨\u200d👩\u200d👧",
    "🇺🇸",
    "1\ufe0f\u20e3",
    "שלום",
    "مرحبا",
    "１．",
    "\U000e0041",
)

_pieces = (
    st.sampled_from(MARKDOWN)
    | st.sampled_from(CONSTRUCTS)
    | st.sampled_from(AT_LINE_STARTS)
    | st.sampled_from([line_break + start for start in AT_LINE_STARTS for line_break in BREAKS])
    | st.sampled_from(BREAKS)
    | st.sampled_from(UNUSUAL)
    | st.integers(0, sys.maxunicode).map(chr)
)


def hostile_texts(max_pieces: int = 40) -> st.SearchStrategy[str]:
    """Return texts of up to so many pieces, each of which may start something."""
    return st.lists(_pieces, max_size=max_pieces).map("".join)


def long_hostile_texts(length: int) -> st.SearchStrategy[str]:
    """Return texts of up to `length` characters, most of them far beyond a message's limit."""
    return st.builds(
        lambda text, times: (text * times)[:length],
        hostile_texts(12).filter(bool),
        st.integers(1, length),
    )


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def has_controls(text: str) -> bool:
    return _CONTROL.search(text) is not None


def expected_line(text: str) -> str:
    """Return the one line as which a text has to be seen."""
    lines = []
    for line in text.splitlines():
        seen = re.sub("[\ud800-\udfff]", "\ufffd", line.replace("\t", " "))
        lines.append(_CONTROL.sub("", seen).strip())
    return " ↵ ".join(filter(None, lines))
