"""Who was in the meetings of the stand-in: one entry for every time a meeting was held and has ended."""

import threading
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass
class Instance:
    uuid: str
    start_time: str
    participants: list[Row] = field(default_factory=list)


class AttendanceBook:
    """Safe for the threads of the server; kept as long as the server runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._instances: dict[str, list[Instance]] = {}

    def hold(self, meeting_id: str, *, uuid: str, start_time: str, participants: list[Row]) -> None:
        """The meeting was held and has ended."""
        with self._lock:
            self._instances.setdefault(meeting_id, []).append(Instance(uuid, start_time, participants))

    def instances(self, meeting_id: str) -> list[Instance]:
        with self._lock:
            return deepcopy(self._instances.get(meeting_id, []))

    def participants(self, key: str) -> list[Row] | None:
        """Of the last time a meeting was held, by its number, or of one time, by its UUID; None for neither."""
        with self._lock:
            if key in self._instances:
                return deepcopy(self._instances[key][-1].participants)
            for held in self._instances.values():
                for instance in held:
                    if instance.uuid == key:
                        return deepcopy(instance.participants)
        return None
