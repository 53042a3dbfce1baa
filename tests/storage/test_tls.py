"""PostgreSQL behind TLS: what each `sslmode` demands, and the sentence when it is not so."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from sqlalchemy import text

from bot.storage import Database, DatabaseUrl, StorageUnavailableError, UnusableDatabaseError
from tests.child import settings_of, start
from tests.database import opened, set_to, setting_of
from tests.disturbed_database import way_to
from tests.postgresql import at, postgresql
from tests.timing import PATIENCE
from tests.tls_gate import TlsGate
from tests.world import World

ISSUER = trustme.CA()
OTHER_ISSUER = trustme.CA()

CANNOT_BE_VERIFIED = "The database's certificate cannot be verified: it has expired, or sslrootcert"


def certified(issuer: trustme.CA = ISSUER, name: str = "127.0.0.1") -> ssl.SSLContext:
    """Return a server's TLS with a certificate for a name."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    issuer.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the file with the issuer's root certificate, and no other place to find any."""
    for name in ("PGSSLROOTCERT", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, "")  # so that it is set back whatever a test makes of it
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "root.crt"
    ISSUER.cert_pem.write_to_path(path)
    return str(path)


@asynccontextmanager
async def behind(
    request: pytest.FixtureRequest, tls: ssl.SSLContext | None
) -> AsyncIterator[tuple[DatabaseUrl, TlsGate]]:
    """Give a database that is reached through TLS, or through a server without."""
    async with (
        postgresql(request.config) as address,
        TlsGate(way_to(address), tls) as gate,
    ):
        yield at(address, host="127.0.0.1", port=str(gate.port)), gate


async def answer(database: Database) -> object:
    return await database.run(lambda connection: connection.scalar(text("SELECT 42")))


@pytest.mark.parametrize("mode", ["", "prefer", "require", "verify-ca", "verify-full"])
async def test_a_certificate_that_holds_is_taken(
    request: pytest.FixtureRequest, root: str, mode: str
) -> None:
    chosen = {"sslmode": mode} if mode else {}
    async with (
        behind(request, certified()) as (address, _),
        opened(set_to(address, sslrootcert=root, **chosen)) as database,
    ):
        assert await answer(database) == 42


@pytest.mark.parametrize("parameters", [{"sslmode": "require"}, {"ssl": "true"}])
async def test_a_certificate_of_any_issuer_is_taken_where_none_is_asked_for(
    request: pytest.FixtureRequest, root: str, parameters: dict[str, str]
) -> None:
    async with (
        behind(request, certified(OTHER_ISSUER, "elsewhere.example")) as (address, _),
        opened(set_to(address, **parameters)) as database,
    ):
        assert await answer(database) == 42


async def test_the_systems_root_certificates_are_those_that_python_trusts(
    request: pytest.FixtureRequest, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = ssl.get_default_verify_paths()
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: usual._replace(cafile=root))
    async with (
        behind(request, certified()) as (address, _),
        opened(set_to(address, sslrootcert="system")) as database,
    ):
        assert await answer(database) == 42
    async with behind(request, certified(OTHER_ISSUER)) as (address, _):
        with pytest.raises(UnusableDatabaseError, match=CANNOT_BE_VERIFIED):
            await Database(set_to(address, sslrootcert="system")).open()


@pytest.mark.parametrize(
    ("tls", "parameters", "sentence"),
    [
        (
            lambda: certified(OTHER_ISSUER),
            {"sslmode": "verify-full", "sslrootcert": "ROOT"},
            CANNOT_BE_VERIFIED,
        ),
        (
            lambda: certified(OTHER_ISSUER),
            {"sslmode": "verify-ca", "sslrootcert": "ROOT"},
            CANNOT_BE_VERIFIED,
        ),
        (
            lambda: certified(name="elsewhere.example"),
            {"sslmode": "verify-full", "sslrootcert": "ROOT"},
            "The database's certificate is for another name than the host in DATABASE_URL: ",
        ),
        (
            certified,
            {"sslmode": "verify-full"},
            "certificate cannot be verified without a root certificate: add sslrootcert=system",
        ),
        (
            certified,
            {"sslmode": "verify-full", "sslrootcert": "/no/such/file"},
            "certificate cannot be verified without a root certificate: add sslrootcert=system",
        ),
        (
            lambda: None,
            {"sslmode": "require"},
            "The database's server takes no TLS connections, which sslmode in DATABASE_URL",
        ),
        (
            certified,
            {"sslmode": "require", "channel_binding": "require"},
            "The database's server offers no channel binding, which DATABASE_URL demands",
        ),
        (
            certified,
            {"sslmode": "require", "sslcert": "ROOT", "sslkey": "/no/such/file"},
            "The database's server cannot be shown the certificate that sslcert in DATABASE_URL",
        ),
    ],
    ids=[
        *("issuer", "issuer alone", "name", "no root", "no root file", "no tls", "no binding"),
        "no key file",
    ],
)
async def test_what_the_address_demands_in_vain_is_one_sentence(
    request: pytest.FixtureRequest,
    root: str,
    tls: Callable[[], ssl.SSLContext | None],
    parameters: dict[str, str],
    sentence: str,
) -> None:
    demanded = {k: root if v == "ROOT" else v for k, v in parameters.items()}
    async with behind(request, tls()) as (address, _):
        with pytest.raises(UnusableDatabaseError, match=sentence) as caught:
            await Database(set_to(address, **demanded)).open()
    assert str(caught.value).count(". ") == 0


async def test_it_and_the_bot_say_the_same_of_a_certificate_that_does_not_hold(
    request: pytest.FixtureRequest, world: World, tmp_path: Path, root: str
) -> None:
    async with behind(request, certified(OTHER_ISSUER)) as (address, _):
        url = setting_of(at(address, sslmode="verify-full", sslrootcert=root))
        settings = settings_of(world, DATABASE_URL=url)
        status, _, sentence = await (await start(tmp_path, settings)).ended()
        assert status == 78
        assert sentence.startswith(CANNOT_BE_VERIFIED)
        assert len(sentence.splitlines()) == 1
        status, out, _ = await (await start(tmp_path, settings, "check")).ended()
        assert status == 1
        assert f"NOT OK Database: {address.shown}: {sentence}" in out


@pytest.mark.parametrize("moment", ["asked", "encrypted"])
async def test_a_connection_that_is_reset_while_it_is_made_is_tried_again(
    request: pytest.FixtureRequest, root: str, moment: str
) -> None:
    async with behind(request, certified()) as (address, gate):
        database = Database(set_to(address, sslmode="require"), seconds=PATIENCE)
        uses: list[Callable[[], Awaitable[object]]] = [database.open, lambda: answer(database)]
        for use in uses:
            await gate.cut()
            gate.break_off = [moment]
            with pytest.raises(StorageUnavailableError, match="no connection could be made"):
                await use()
            assert gate.break_off == []
            await use()
        await database.close()
