"""What can be made to go wrong: `POST /_faults {"fault": "...", "times": 1, "on": "POST /v2/users"}`."""

import random
import re
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import Any

FAULTS = {
    "answer_lost": "does what was asked, then drops the connection",
    "dropped": "drops the connection and does nothing",
    "slow": "does what was asked and answers after `seconds`",
    "bad_gateway": "502 with an HTML page; does nothing",
    "bad_gateway_after": "502 with an HTML page, but did what was asked",
    "server_error": "500 with a JSON body; does nothing",
    "edge_not_found": "404 with an HTML page",
    "per_second": "429 per second, with the headers of a rate limit",
    "per_second_bare": "429 per second, without headers",
    "daily": "429 for the account's day, with Retry-After as ISO 8601: `seconds` from now, or the next 0:00 UTC",
    "daily_bare": "429 for the account's day, without headers",
    "host_daily": "429 for the host's 100 a day, with the headers Zoom really sent (no Retry-After)",
    "host_daily_bare": "429 for the host's 100 a day, without headers",
    "too_many_at_once": "429 for simultaneous calls on one user",
    "token_expired": "401/124; every token given out so far is void",
    "token_refused": "401/124 once more, although the token is good",
    "missing_scope": "400/4711",
    "not_licensed": "400/3161",
    "not_paid": "400/200",
    "user_unknown": "404/1001",
    "meeting_gone": "404/3001",
    "meeting_deleted": "404/3001, and the meeting is gone for good: somebody deleted it in Zoom",
    "meeting_started": "does what was asked after the host has started the meeting; a running one cannot be deleted",
    "invalid": "400/300",
    "forbidden": "403",
    "conflict": "409",
    "no_passcode": "creates the meeting without a passcode",
    "settings_locked": "creates the meeting with the account's own settings: recorded, no waiting room",
    "wrong_link": "answers with a link to another host",
    "start_is_now": "creates the meeting for this very minute, as Zoom does with a start in the past",
    "change_ignored": "answers a change as usual and changes nothing, as Zoom does with a start in the past",
    "not_json": "answers 2xx with HTML, but did what was asked",
    "credentials_refused": "400 invalid_client, on the token endpoint",
}


class UnknownFaultError(ValueError):
    pass


@dataclass
class Fault:
    fault: str
    times: int | None = 1
    """How many calls it hits; None hits them until it is cleared or `lasts` is over."""
    on: str = ""
    """A regular expression for "METHOD /path"; empty fits everything."""
    seconds: float = 0.0
    probability: float = 1.0
    """Of a call that fits to be hit."""
    lasts: float | None = None
    """Seconds from now after which it is over; None is without end."""
    added_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise UnknownFaultError(self.fault)
        re.compile(self.on)

    @property
    def is_over(self) -> bool:
        is_used_up = self.times is not None and self.times <= 0
        return is_used_up or (self.lasts is not None and time.monotonic() >= self.added_at + self.lasts)


class FaultQueue:
    """Safe for the threads of the server. `seed` makes the dice of `probability` fall the same way again."""

    def __init__(self, *, seed: int | None = None) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._dice = random.Random(seed)
        self.hits: dict[str, int] = {}

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults if not fault.is_over]

    def take(self, call: str) -> Fault | None:
        """The first fault that fits this call and hits it."""
        with self._lock:
            self._faults = [fault for fault in self._faults if not fault.is_over]
            for fault in self._faults:
                if re.search(fault.on, call) and self._dice.random() < fault.probability:
                    if fault.times is not None:
                        fault.times -= 1
                    self.hits[fault.fault] = self.hits.get(fault.fault, 0) + 1
                    return fault
        return None
