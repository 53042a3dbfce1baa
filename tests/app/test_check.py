"""`python -m bot check`: the health check on the command line, beside a running bot or before."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from base64 import b64encode
from pathlib import Path

import pytest

from bot.communities.sealing import new_key
from bot.sandbox.discord import Fault as DiscordFault
from bot.sandbox.sonoran import Fault
from tests.child import running, settings_of, start
from tests.database import file_in, make_file
from tests.self_certified import self_certified
from tests.world import API_KEY, PATIENCE, TOKEN, World


async def check(world: World, folder: Path, **more: str) -> tuple[int, str]:
    """Run the check; returns its exit status and what it prints."""
    child = await start(folder, settings_of(world, **more), "check")
    status, out, errors = await child.ended()
    assert errors == ""
    return status, out


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_all_is_well_beside_a_running_bot(world: World, tmp_path: Path) -> None:
    async with running(world, tmp_path):
        await asyncio.wait_for(world.discord.requested("commands_put"), PATIENCE)
        status, out = await check(world, tmp_path)
    assert "NOT OK" not in out
    assert status == 0
    for found in (
        "Discord accepts the token",
        "commands are registered",
        "Sonoran CAD answers",
        "The CAD accepts the API key",
        "SQLite file callnote.db works",
    ):
        assert found in out
    assert len(world.discord.identifies) == 1


async def test_before_the_first_start_it_changes_nothing_and_all_is_well(
    world: World, tmp_path: Path
) -> None:
    status, out = await check(world, tmp_path)
    assert status == 0
    expected = "Add to dispatch call, /call, /callnote, /callnote-config, /callnote-form, /calls"
    assert f"yet: {expected};" in out
    assert world.discord.registered_commands == []
    assert world.discord.identifies == []
    assert files_in(tmp_path) == []
    assert [request.method for request in world.cad.requests if request.method != "GET"] == []


async def test_what_is_not_well_is_told_and_the_rest_looked_at_all_the_same(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "callnote.db").write_bytes(b"no database" * 1000)
    status, out = await check(world, tmp_path, DISCORD_TOKEN="wrong", SONORAN_API_KEY="wrong")
    assert status == 1
    bad = [line for line in out.splitlines() if line.startswith("NOT OK")]
    assert [word for line in bad for word in ("TOKEN", "API_KEY", "Database") if word in line] == [
        "TOKEN",
        "API_KEY",
        "Database",
    ]


async def test_a_file_that_cannot_be_made_is_not_well(world: World, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    status, out = await check(world, tmp_path, DATABASE_URL="sqlite:///data/callnote.db")
    assert status == 1
    assert "callnote.db cannot be made or written to in its folder: let the user that runs" in out


async def test_it_and_the_bot_say_the_same_of_a_folder_given_as_the_file(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "adir").mkdir()
    settings = settings_of(world, DATABASE_URL="sqlite:///adir")
    status, _, sentence = await (await start(tmp_path, settings)).ended()
    assert status == 78
    assert sentence.startswith("The database file adir is a folder: ")
    status, out = await check(world, tmp_path, DATABASE_URL="sqlite:///adir")
    assert status == 1
    assert f"NOT OK Database: SQLite file adir: {sentence}" in out
    assert files_in(tmp_path / "adir") == []


async def test_discord_out_of_reach_is_told(world: World, tmp_path: Path) -> None:
    world.discord.faults.add(DiscordFault(route="login", status=400, times=None, applied=False))
    status, out = await check(world, tmp_path)
    assert status == 1
    assert "Discord cannot be reached: it answered with status 400" in out


async def test_a_page_with_401_is_not_taken_for_discords_refusal_of_the_token(
    world: World, tmp_path: Path
) -> None:
    page = DiscordFault("login", 401, times=None, applied=False, body="<html></html>")
    world.discord.faults.add(page)
    status, out = await check(world, tmp_path)
    assert status == 1
    assert "Discord cannot be reached: it answered with status 401" in out


async def test_a_network_without_discord_is_told_with_what_to_do(
    world: World, tmp_path: Path
) -> None:
    status, out = await check(world, tmp_path, DISCORD_API_URL="http://127.0.0.1:9/api/v10")
    assert status == 1
    assert "Discord cannot be reached: no connection could be made" in out
    assert "check this machine's network and DISCORD_API_URL." in out


async def test_a_discord_address_without_its_path_is_told(world: World, tmp_path: Path) -> None:
    url = world.discord.api_url.removesuffix("/api/v10")
    status, out = await check(world, tmp_path, DISCORD_API_URL=url)
    assert status == 1
    assert "give the address with its path, such as https://discord.com/api/v10." in out


@pytest.mark.parametrize(
    ("fault", "version"),
    [
        (Fault(on="any", times=None, status=404), "2"),
        (Fault(on="any", times=None, body="<html>Welcome</html>", content_type="text/html"), "2"),
        (Fault(on="any", times=None, body="<html>Welcome</html>", content_type="text/html"), ""),
        (Fault(on="any", times=None, status=307, headers={"Location": "/elsewhere"}), "1"),
    ],
    ids=["nothing there", "a web page", "a web page for either version", "redirected"],
)
async def test_a_cad_that_is_not_at_this_address_is_told_with_both_settings(
    world: World, tmp_path: Path, fault: Fault, version: str
) -> None:
    world.cad.faults.add(fault)
    status, out = await check(world, tmp_path, SONORAN_API_VERSION=version)
    assert status == 1
    (line,) = [line for line in out.splitlines() if line.startswith("NOT OK Sonoran CAD")]
    assert "SONORAN_API_URL" in line
    assert "SONORAN_API_VERSION" in line


async def test_without_roles_of_the_host_it_says_who_chooses_them(
    world: World, tmp_path: Path
) -> None:
    status, out = await check(world, tmp_path, DISPATCHER_ROLE_IDS="")
    assert status == 0
    assert "DISPATCHER_ROLE_IDS names no role: each server's administrators choose" in out


async def test_a_cad_out_of_reach_is_told_with_the_setting(world: World, tmp_path: Path) -> None:
    status, out = await check(world, tmp_path, SONORAN_API_URL="http://127.0.0.1:9")
    assert status == 1
    (line,) = [line for line in out.splitlines() if line.startswith("NOT OK Sonoran CAD")]
    assert "cannot be reached; " in line
    assert "check SONORAN_API_URL." in line


async def test_certificates_that_cannot_be_verified_are_named(world: World, tmp_path: Path) -> None:
    async with self_certified() as url:
        addresses = {"SONORAN_API_URL": url, "DISCORD_API_URL": f"{url}/api/v10"}
        status, out = await check(world, tmp_path, **addresses)
    assert status == 1
    for who in ("Discord cannot be reached: its certificate", "Sonoran CAD has a certificate that"):
        (line,) = [line for line in out.splitlines() if who in line]
        assert "cannot be verified; check this machine's clock" in line


async def test_both_are_reached_through_the_proxy_of_the_settings(tmp_path: Path) -> None:
    """Which takes no connection further here; and nothing of the password is printed."""
    heads = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1") as proxy:
        host, port = proxy.sockets[0].getsockname()
        settings = {
            "HTTPS_PROXY": f"http://someone:hunter2@{host}:{port}",
            "DISCORD_TOKEN": TOKEN,
            "SONORAN_API_KEY": API_KEY,
            "SONORAN_COMMUNITY_ID": "rockford",
        }
        _, out, errors = await (await start(tmp_path, settings, "check")).ended()
    asked = {head.split(" ")[1] for head in heads}
    assert asked == {"discord.com:443", "api.sonorancad.com:443"}
    credentials = b64encode(b"someone:hunter2").decode()
    assert all(f"Proxy-Authorization: Basic {credentials}" in head for head in heads)
    assert "Sonoran CAD cannot be reached" in out
    assert "Discord cannot be reached" in out
    assert "check this machine's network and HTTPS_PROXY." in out
    for secret in (TOKEN, API_KEY, "hunter2", credentials):
        assert secret not in out + errors + "".join(heads).replace(credentials, "")


async def test_a_servers_own_id_among_the_roles_is_named(world: World, tmp_path: Path) -> None:
    ids = f"{world.role.id},{world.guild.id}"
    status, out = await check(world, tmp_path, DISPATCHER_ROLE_IDS=ids)
    assert status == 1
    assert f"NOT OK DISPATCHER_ROLE_IDS names {world.guild.id}, the id of a server" in out


async def test_a_server_that_the_cad_does_not_have_is_told_to_the_host(
    world: World, tmp_path: Path
) -> None:
    world.cad.add_server(7, "Night shift")
    status, out = await check(world, tmp_path, SONORAN_SERVER_ID="5")
    assert status == 1
    assert "which the CAD does not have: correct SONORAN_SERVER_ID; the CAD has 1, 7." in out


async def test_a_file_on_heroku_is_not_well(world: World, tmp_path: Path) -> None:
    _, out = await check(world, tmp_path, DYNO="worker.1")
    assert "NOT OK Database: a SQLite file, which Heroku wipes at least daily" in out


async def test_a_file_on_a_host_with_volumes_is_a_remark(world: World, tmp_path: Path) -> None:
    _, out = await check(world, tmp_path, FLY_APP_NAME="callnote")
    assert "--     Database: a SQLite file, which Fly.io wipes" in out


async def test_no_secret_is_printed(world: World, tmp_path: Path) -> None:
    password = "hunter2-in-the-address"
    setting = f"postgres://someone:{password}@127.0.0.1:9/callnote"
    status, out = await check(world, tmp_path, DATABASE_URL=setting, LOG_LEVEL="DEBUG")
    assert status == 1
    assert "PostgreSQL database callnote on 127.0.0.1" in out
    for secret in (TOKEN, API_KEY, password, "someone"):
        assert secret not in out


async def test_settings_that_cannot_be_used_end_it_with_78(tmp_path: Path) -> None:
    child = await start(tmp_path, {}, "check")
    assert (await child.ended())[0] == 78


async def test_a_public_bot_has_no_cad_and_keys_that_cannot_be_decrypted_are_counted(
    world: World, tmp_path: Path
) -> None:
    path = make_file(file_in(tmp_path)).path
    assert path is not None
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute("INSERT INTO guild_credentials VALUES (7, 'paleto', 'sealed', 1)")
    nobodys = {"SONORAN_API_KEY": "", "SONORAN_COMMUNITY_ID": "", "CREDENTIALS_KEY": new_key()}
    status, out = await check(world, tmp_path, **nobodys)
    assert status == 1
    assert "--     No SONORAN_API_KEY is set: each server is connected to the CAD whose key" in out
    assert "NOT OK 1 server's API key cannot be decrypted: add the key that was used then" in out
    assert world.cad.requests == []
