"""How all processes together keep to a community's limit of notes."""

from __future__ import annotations

from sqlalchemy import Connection, text

from bot.outbox.errors import RateUsedError

SEND_WINDOW_SECONDS = 60.0
"""The period to which the CAD's limit of notes applies (page add-call-note)."""

# A row that another process is changing is waited for, and then judged as it is by then. Of a clock
# that was set back, sends lie in the future; they do not count.
_COUNT = text(
    """
    INSERT INTO send_times AS known (community, latest, updated_at)
    SELECT :community, CAST(now AS TEXT), now
    FROM (SELECT CAST(EXTRACT(epoch FROM statement_timestamp()) AS DOUBLE PRECISION) AS now) clock
    ON CONFLICT (community) DO UPDATE SET
        latest = array_to_string((string_to_array(known.latest, ' ') || EXCLUDED.latest)
            [greatest(1, cardinality(string_to_array(known.latest, ' ')) + 2 - :most):], ' '),
        updated_at = EXCLUDED.updated_at
    WHERE cardinality(string_to_array(known.latest, ' ')) < :most
        OR CAST((string_to_array(known.latest, ' '))
            [cardinality(string_to_array(known.latest, ' ')) + 1 - :most] AS DOUBLE PRECISION)
            NOT BETWEEN EXCLUDED.updated_at - :window AND EXCLUDED.updated_at
    RETURNING 1
    """
)


def count_send(connection: Connection, community: str, *, per_minute: int) -> None:
    """Count a note of a community that is to be sent, on PostgreSQL.

    Raises `RateUsedError`, which is to undo the transaction, when `per_minute` notes were counted
    in the last minute by all processes.
    """
    counted = {"community": community, "most": per_minute, "window": SEND_WINDOW_SECONDS}
    if connection.execute(_COUNT, counted).first() is None:
        raise RateUsedError(per_minute)
