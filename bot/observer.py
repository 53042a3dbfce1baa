"""What the parts of Callnote tell of their work, for metrics."""

from __future__ import annotations


class Observer:
    """Is told what happens, and does nothing with it.

    Every method is called in the event loop's thread. One that is overridden may neither wait nor
    raise.
    """

    def note_finished(self, outcome: str, seconds: float) -> None:
        """Note that a note reached the final state `outcome`.

        `seconds` is the time since it was accepted or, last, taken up again.
        """

    def cad_request_ended(self, status: int | None, seconds: float) -> None:
        """Note that a request to the CAD ended after `seconds`; without an answer `status` is None.

        That includes a request for which no connection could be made.
        """

    def transaction_ended(self, seconds: float, *, failed: bool) -> None:
        """Note that a transaction was committed, or `failed` for the database's part.

        `seconds` is the time since it was asked for, waiting included.
        """

    def gateway_connected(self, *, resumed: bool) -> None:
        """Note that a shard sent RESUME or, not `resumed`, IDENTIFY on a new connection."""
