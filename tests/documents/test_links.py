"""Every link in what is written for people leads somewhere, and nothing is written twice."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tests.cases import cases
from tests.documents.sentences import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
LONG = 60  # characters of a sentence that would not be written twice by chance


def text_of(page: Path) -> str:
    """Return a page without its code."""
    return re.sub(r"^ {4}.*\n", "", page.read_text(encoding="utf-8"), flags=re.M)


def links(page: Path) -> list[str]:
    return LINK.findall(text_of(page))


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.M)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@cases("page", PAGES)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_leads_to_every_page_once() -> None:
    led_to = Counter(links(ROOT / "README.md"))
    pages = [path for path in (ROOT / "docs").rglob("*") if path.is_file()]
    assert {path.relative_to(ROOT).as_posix(): 1 for path in pages} == {
        link: count for link, count in led_to.items() if link.startswith("docs/")
    }


def test_nothing_is_written_twice() -> None:
    written = [
        " ".join(sentence.split())
        for page in PAGES
        for part in re.split(r"\n\n|\| | \|", text_of(page))
        for sentence in re.split(r"(?<=[.:;]) ", " ".join(part.split()))
    ]
    twice = [text for text, count in Counter(written).items() if count > 1 and len(text) >= LONG]
    assert twice == []
