"""The README has every command that Discord is given, and no other."""

from __future__ import annotations

import asyncio
import re

from bot.sandbox.discord.command_path import usable_commands
from tests.documents.sentences import ROOT
from tests.world import PATIENCE, World


async def test_every_command_is_in_the_readme_and_no_other(world: World) -> None:
    await world.start()
    await asyncio.wait_for(world.discord.requested("commands_put"), PATIENCE)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `/([a-z-]+(?: [a-z-]+)*)(?=[ `])", readme, re.M)
    commands = usable_commands(world.discord.registered_commands)
    assert sorted(documented) == sorted(commands)
