"""Every sentence that says that something is wrong is explained, and no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tests.cases import cases
from tests.documents import sentences
from tests.documents.sentences import ROOT

NOT_OURS = ("The application did not respond", "NOTE '…' added to …")
"""What Discord and the CAD say themselves."""


def explained(*pages: str) -> dict[str, re.Pattern[str]]:
    """Return patterns of the beginnings of sentences that stand in tables, by their text."""
    found = {}
    for page in pages:
        for table in re.findall(
            r"^\| (?:it says|Discord shows) \|.*\n\|---.*\n((?:\|.*\n)+)",
            (ROOT / page).read_text(encoding="utf-8"),
            re.M,
        ):
            for row in table.splitlines():
                for text in row.strip("| ").split(" | ")[0].replace("`", "").split(" / "):
                    known = text.replace("call #123", "…")
                    parts = map(re.escape, re.split(r"\s*…\s*", known))
                    found[known] = re.compile(".*".join(parts), re.S)
    return found


DISCORD = ("README.md", "docs/messages.md")
HOSTS = ("docs/troubleshooting.md",)


@cases(("said", "pages"), [(sentences.in_discord, DISCORD), (sentences.to_hosts, HOSTS)])
def test_every_sentence_is_explained_and_no_other(
    said: Callable[[], Iterator[str]], pages: tuple[str, ...]
) -> None:
    patterns = explained(*pages)
    every = sorted(set(said()))
    assert len(every) > 50
    missing = [each for each in every if not any(p.match(each) for p in patterns.values())]
    assert missing == []
    stale = [text for text, p in patterns.items() if not any(map(p.match, every))]
    assert [text for text in stale if text not in NOT_OURS] == []
