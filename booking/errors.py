class BookingError(Exception):
    """A refusal that a person can be shown: the message for people, the code for tests and logs."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.message = str(message)
        self.code = code


class SlotTaken(BookingError):
    """Somebody else was faster, or the time is not offered (any more)."""
