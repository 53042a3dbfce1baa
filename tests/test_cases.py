"""A test that goes through cases goes through each, and a failure names the one that it is in."""

from __future__ import annotations

import inspect

import pytest

from tests.cases import cases


def test_each_case_is_gone_through_with_the_fixtures() -> None:
    seen = []

    @cases("number", [1, 2])
    @cases(("word", "length"), [("a", 1), ("bc", 2)])
    def test(fixture: str, word: str, length: int, number: int) -> None:
        assert len(word) == length
        seen.append((fixture, word, number))

    assert list(inspect.signature(test).parameters) == ["fixture"]
    test(fixture="x")
    assert seen == [("x", "a", 1), ("x", "bc", 1), ("x", "a", 2), ("x", "bc", 2)]


async def test_a_failure_names_its_case() -> None:
    @cases("number", [1, 2])
    async def test(number: int) -> None:
        assert number == 1

    with pytest.raises(AssertionError) as caught:
        await test()
    assert caught.value.__notes__ == ["in the case of {'number': 2}"]

    @cases("word", ["fine", "faulty"])
    def another(word: str) -> None:
        with pytest.raises(ValueError, match="faulty"):
            raise ValueError("faulty" if word == "fine" else "else")

    with pytest.raises(BaseException, match="else") as other:
        another()
    assert other.value.__notes__ == ["in the case of {'word': 'faulty'}"]


def test_there_must_be_a_case() -> None:
    with pytest.raises(AssertionError):
        cases("number", [])
