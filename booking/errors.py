from collections.abc import Mapping
from dataclasses import dataclass, field


class BookingError(Exception):
    """A refusal that a person can be shown: the message for people, the code for tests and logs.

    Made by `booking.refusals.refusal`, where every code has its words.
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.message = str(message)
        self.code = code


class SlotTaken(BookingError):
    """Somebody else was faster, or the time is not offered (any more): another time, or another counselor, may do."""


@dataclass(frozen=True)
class Reason:
    """Why a rule says no: the code of the refusal and the facts its sentence speaks of. Rules return it, or None."""

    code: str
    facts: Mapping[str, object] = field(default_factory=dict)
