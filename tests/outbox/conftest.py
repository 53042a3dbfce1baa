"""The fixtures of the tests here: a database on each engine, and the CAD."""

from tests.database import address as address
from tests.database import database as database
from tests.database import engine as engine
from tests.disturbed_database import behind_gate as behind_gate
from tests.outbox.workers import cad as cad
from tests.sonoran_client import session as session
