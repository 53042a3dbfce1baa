from pathlib import Path

import pytest

from bot.app.installed_packages import unlike_pins
from bot.app.texts import packages_line
from bot.health.lines import Mark

PINS = """\
# made by hand
yarl==0.1 \\
    --hash=sha256:00
discord-py==2.7.1 \\
    --hash=sha256:00
no-such-package==1.0 \\
    --hash=sha256:00
no-such-package-here==1.0 ; sys_platform == 'win32' \\
    --hash=sha256:00
"""


def test_the_packages_of_the_tests_are_the_pinned_ones() -> None:
    assert unlike_pins() == []
    assert packages_line([]).mark is Mark.WELL


def test_another_version_and_a_missing_package_are_named(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(PINS)
    differences = unlike_pins(file)
    assert differences is not None
    assert [each.split()[0] for each in differences] == ["yarl", "no-such-package"]
    assert differences[0].endswith("in place of 0.1")
    assert differences[1] == "no-such-package 1.0 is missing"


def test_of_two_versions_the_one_that_would_be_imported_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("yarl==0.2\n")
    for number, differences in {"0.2": [], "0.1": ["yarl 0.1 in place of 0.2"]}.items():
        folder = tmp_path / number / f"yarl-{number}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Name: yarl\nVersion: {number}\n")
        monkeypatch.syspath_prepend(tmp_path / number)
        assert unlike_pins(file) == differences


def test_the_line_names_some_of_them_and_what_to_do() -> None:
    line = packages_line([f"package-{number} 1.0 is missing" for number in range(7)])
    assert line.mark is Mark.ILL
    assert "package-4 1.0 is missing and 2 more." in line.text
    assert line.text.endswith("python -m pip install -r requirements.txt")


def test_without_the_list_nothing_is_compared(tmp_path: Path) -> None:
    assert unlike_pins(tmp_path / "requirements.txt") is None
    assert packages_line(None).mark is Mark.NOTE
