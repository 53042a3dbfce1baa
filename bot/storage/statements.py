"""Statements that are composed and compiled once, and executed by the database's driver."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from sqlalchemy import ClauseElement, ColumnElement, Connection, Dialect, Double
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from bot.storage.connectors import driver_of

Parameters: TypeAlias = Mapping[str, Any]

NONE: Parameters = MappingProxyType({})


class _Now(FunctionElement[float]):
    type = Double()
    inherit_cache = True


@compiles(_Now, "sqlite")
def _sqlite_now(*_: object, **__: object) -> str:
    # 2440587.5 is the Julian day on which 1970 began.
    return "((julianday('now') - 2440587.5) * 86400)"


@compiles(_Now, "postgresql")
def _postgresql_now(*_: object, **__: object) -> str:
    return "CAST(EXTRACT(epoch FROM statement_timestamp()) AS DOUBLE PRECISION)"


NOW: ColumnElement[float] = _Now()
"""The database's own clock, in seconds since 1970 with a fraction."""


class CompiledStatement:
    """A statement of SQLAlchemy's that its driver executes, which takes a fifth of the time.

    Its parameters are values of the driver's own types, and so are those of its rows. An IN in it
    has a list of `literal`s, as it is compiled before its parameters are known.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}

    def rows(self, connection: Connection, parameters: Parameters = NONE) -> list[Any]:
        """Execute it and return its rows, each a tuple; raises what SQLAlchemy raises."""
        found: list[Any] = self._execute(connection, parameters).fetchall()
        return found

    def execute(self, connection: Connection, parameters: Parameters = NONE) -> None:
        """Execute it; raises what SQLAlchemy raises."""
        self._execute(connection, parameters)

    def _execute(self, connection: Connection, parameters: Parameters) -> Any:
        dialect = connection.dialect
        text, fixed = self.compiled(dialect)
        try:
            return driver_of(connection).execute(text, {**fixed, **parameters})
        except dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(
                text, None, error, dialect.loaded_dbapi.Error, hide_parameters=True
            ) from error

    def compiled(self, dialect: Dialect) -> tuple[str, dict[str, Any]]:
        """Return its text and the values of the parameters that are part of it."""
        if dialect.name not in self._compiled:
            compiled: Any = self._statement.compile(dialect=dialect)
            fixed = {name: bind.value for bind, name in compiled.bind_names.items()}
            self._compiled[dialect.name] = compiled.string, fixed
        return self._compiled[dialect.name]
