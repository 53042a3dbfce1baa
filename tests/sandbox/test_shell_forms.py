"""Forms, filled in at the sandbox's prompt."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.cads import OTHER_ID, OTHER_KEY
from tests.sandbox.session import sandbox

pytestmark = pytest.mark.long


async def test_a_message_becomes_a_note_by_the_form(tmp_path: Path) -> None:
    lines = await sandbox(
        "post Two suspects #124\n"
        "menu Add to dispatch call\n"
        "submit number:none\n"
        "menu Add to dispatch call\n"
        "submit call:#130 note:A red car\\nand a blue one\n"
        "submit call:130\n",
        tmp_path,
    )
    assert lines[0] == "Casey: Two suspects #124"
    assert lines[1:4] == [
        "(only the dispatcher sees this form) Add to dispatch call",
        "  call:",
        "    * #124 · Burglary alarm · 12 Elm Street · P2",
    ]
    assert "    Two suspects #124" in lines
    (refused,) = [line for line in lines if "call number is a whole number" in line]
    assert refused.startswith("(only the dispatcher sees this) ")
    assert lines[-3] == "NOTE 'A red car ↵ and a blue one' added to call #130"
    assert lines[-1] == "There is no form to fill in: use a command first that shows one."


async def test_what_is_wrong_with_a_form_is_one_sentence(tmp_path: Path) -> None:
    lines = await sandbox(
        "menu Add to dispatch call\npost Hello\nmenu Nonsense\n"
        "as civilian menu Add to dispatch call\n"
        "/callnote-form\nsubmit sky:blue\nsubmit call:4711\nsubmit note:\npost\nsubmit red\n",
        tmp_path,
    )
    assert lines[0] == "There is no message yet: post one first."
    assert lines[2] == "Discord would not send this: Nonsense is not registered"
    assert lines[3].startswith("(only the civilian sees this) To add notes you need")
    assert lines[-5:] == [
        "There is no such field; there is: call, number, note.",
        "There is no such choice; there is: "
        + lines[-4].removeprefix("There is no such choice; there is: "),
        lines[-3],
        "Say what is written: post Two suspects in a red car",
        "Say what is in the form's fields: submit call:123 note:Suspect fled north",
    ]
    assert lines[-3].startswith("Discord would not send this: ")


@pytest.mark.parametrize("version", [1, 2])
async def test_a_strangers_server_is_connected_to_a_cad_of_its_own_with_a_form(
    tmp_path: Path, version: int
) -> None:
    lines = await sandbox(
        f"api {version}\nas stranger /callnote-config connect\nfill wrong-key, paleto\n"
        "as owner /callnote-config connect\npress Connect another CAD\n"
        f"fill {OTHER_KEY}, {OTHER_ID}\nas stranger /callnote-config status\n"
        "as admin /callnote-config status\n"
        "as stranger /callnote-config roles-add role:Dispatcher\n"
        "as stranger /callnote call:123 note:hi\ncalls\nlog\n",
        tmp_path,
    )
    form = [
        "(only the stranger sees this form) Connect your Sonoran CAD",
        "  fill: API key, Community id (may be left out)",
    ]
    assert lines[1:3] == form
    assert "Nothing was stored: the CAD refused the API key or community id" in lines[3]
    assert lines[6:8] == [form[0].replace("stranger", "owner"), form[1]]
    name = OTHER_ID if version == 1 else "Paleto"
    assert f"Connected to the CAD of {name}. Next" in lines[8]
    told = [line for line in lines if "for the community" in line]
    assert [f"the community {name}" in line for line in told] == [True, False]
    assert "#123 Traffic stop: -" in lines
    assert "#123 Store robbery in Paleto's CAD: sam: 'hi'" in lines
    assert OTHER_KEY not in "\n".join(lines)
