"""What can be made to go wrong, one request at a time: `POST /_faults {"fault": "...", "times": 1, "on": "POST /v2/users"}`."""

import re
import threading
from dataclasses import asdict, dataclass
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
    "daily": "429 for the account's day, with Retry-After as ISO 8601",
    "daily_bare": "429 for the account's day, without headers",
    "host_daily": "429 for the host's 100 a day, with the headers Zoom really sent (no Retry-After)",
    "too_many_at_once": "429 for simultaneous calls on one user",
    "token_expired": "401/124; every token given out so far is void",
    "token_refused": "401/124 once more, although the token is good",
    "missing_scope": "400/4711",
    "not_licensed": "400/3161",
    "not_paid": "400/200",
    "user_unknown": "404/1001",
    "meeting_gone": "404/3001",
    "invalid": "400/300",
    "forbidden": "403",
    "conflict": "409",
    "no_passcode": "creates the meeting without a passcode",
    "settings_locked": "creates the meeting with the account's own settings: recorded, no waiting room",
    "wrong_link": "answers with a link to another host",
    "change_ignored": "answers a change as usual and changes nothing, as Zoom does with a start in the past",
    "not_json": "answers 2xx with HTML, but did what was asked",
    "credentials_refused": "400 invalid_client, on the token endpoint",
}


class UnknownFaultError(ValueError):
    pass


@dataclass
class Fault:
    fault: str
    times: int = 1
    on: str = ""
    """A regular expression for "METHOD /path"; empty fits everything."""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise UnknownFaultError(self.fault)
        re.compile(self.on)


class FaultQueue:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, call: str) -> Fault | None:
        """The first fault that fits this call, used up once."""
        with self._lock:
            for fault in self._faults:
                if re.search(fault.on, call):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                    return fault
        return None
