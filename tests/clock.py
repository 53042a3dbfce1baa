"""A clock that tests can move."""


class Clock:
    """Stands still unless a test moves it."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def later(self, seconds: float) -> None:
        """Let that many seconds pass at once."""
        self.seconds += seconds
