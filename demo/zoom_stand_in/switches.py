"""How this Zoom is: behaviours that last until they are switched off, beside the faults that hit single calls.

`POST /_switches {"switch": "hundred_a_day", "amount": 100}` switches on, `{"switch": "hundred_a_day", "on": false}` off.
"""

import threading
from collections import Counter
from datetime import UTC, date, datetime

SWITCHES = {
    "only_newest_token": "a new token voids all older ones",
    "hundred_a_day": "a host's create and change calls beyond `amount` (100) in one day of UTC are refused with 429",
    "lagging_lists": "a list knows nothing of meetings younger than `amount` seconds",
    "small_pages": "a list comes in pages of `amount` (1), whatever was asked for",
    "basic_hosts": "hosts have no licence: type 1, and participants are refused with 400/200",
    "webhooks_twice": "every webhook is sent a second time",
    "webhooks_late": "a webhook is sent `amount` seconds after it was signed",
    "webhooks_stale": "a webhook is signed with a time `amount` seconds ago",
    "webhooks_unsigned": "a webhook has no signature",
    "webhooks_replayed": "with every webhook the first one of all is sent again, as it was",
    "webhooks_reversed": "what happens at once is told in the wrong order",
    "webhooks_lost": "no webhook is sent",
    "slashed_uuids": "the UUID of a new meeting begins with / and contains //",
}
AMOUNTS = {"hundred_a_day": 100.0, "lagging_lists": 5.0, "webhooks_late": 5.0, "webhooks_stale": 10_800.0}
"""What `amount` is when nobody says it; 1 for the others."""


class UnknownSwitchError(ValueError):
    pass


class SwitchBoard:
    """Safe for the threads of the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on: dict[str, float] = {}

    def set(self, switch: str, *, on: bool = True, amount: float | None = None) -> None:
        if switch not in SWITCHES:
            raise UnknownSwitchError(switch)
        with self._lock:
            if on:
                self._on[switch] = AMOUNTS.get(switch, 1.0) if amount is None else float(amount)
            else:
                self._on.pop(switch, None)

    def clear(self) -> None:
        with self._lock:
            self._on.clear()

    def amount(self, switch: str) -> float | None:
        """None when it is off."""
        with self._lock:
            return self._on.get(switch)

    def listed(self) -> dict[str, float]:
        with self._lock:
            return dict(self._on)


class CallLedger:
    """Create and change calls of each host and day of UTC, counted whether or not they are limited (contract C.5)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, date]] = Counter()

    def count(self, host: str, *, limit: float | None) -> bool:
        """Count one more call of today; False, and not counted, when the limit is reached."""
        today = datetime.now(UTC).date()
        with self._lock:
            if limit is not None and self._counts[host, today] >= limit:
                return False
            self._counts[host, today] += 1
            return True

    def listed(self) -> dict[str, int]:
        """Of today."""
        today = datetime.now(UTC).date()
        with self._lock:
            return {host: count for (host, day), count in self._counts.items() if day == today}
