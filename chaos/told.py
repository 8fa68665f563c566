"""What clients were told, and what they tried without hearing how it ended."""

import threading
import time
from dataclasses import dataclass, field
from typing import Literal

What = Literal["booked", "moved", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Telling:
    """`is_certain`: the client saw the page that says so; else the line broke, and it may have happened or not."""

    what: What
    number: str
    seeker: str
    """Their mail address."""
    counselor: int
    start: str
    """ISO 8601; of a cancellation, the one that was given up."""
    is_certain: bool = True
    at: float = field(default_factory=time.time)


class Ledger:
    """Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._tellings: list[Telling] = []
        self.refused = 0
        self.broken = 0

    def write(self, telling: Telling) -> None:
        with self._lock:
            self._tellings.append(telling)
            self._lock.notify_all()

    def wait_for(self, count: int, *, within: float) -> bool:
        with self._lock:
            return self._lock.wait_for(lambda: len(self._tellings) >= count, timeout=within)

    def count(self, *, refused: bool) -> None:
        with self._lock:
            if refused:
                self.refused += 1
            else:
                self.broken += 1

    def all(self) -> tuple[Telling, ...]:
        with self._lock:
            return tuple(self._tellings)
