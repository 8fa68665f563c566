"""The named points at which a process is killed. The servers that it talks to do it: the product has no hooks (ADR 0018)."""

import threading
from enum import StrEnum


class Point(StrEnum):
    BEFORE_POST = "before POST took effect"
    AFTER_POST = "after POST took effect, before its answer"
    BEFORE_COMMIT = "before commit"
    AFTER_COMMIT = "after commit, before anything else"
    BEFORE_SEND = "after the commit of the claim, before the mail is sent"
    AFTER_ACCEPT = "after SMTP accepted, before that is noted"


class Armed:
    """Which points are loaded. Each shot is fired once, by whoever comes to the point first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shots: dict[Point, int] = {}
        self._fired = threading.Condition(self._lock)
        self.fired: dict[Point, int] = dict.fromkeys(Point, 0)

    def load(self, point: Point) -> None:
        with self._lock:
            self._shots[point] = self._shots.get(point, 0) + 1

    def unload(self) -> None:
        with self._lock:
            self._shots.clear()

    def is_loaded(self, point: Point) -> bool:
        with self._lock:
            return self._shots.get(point, 0) > 0

    def take(self, point: Point) -> bool:
        """Whoever gets True kills, and says `hit` when it did."""
        with self._lock:
            if self._shots.get(point, 0) <= 0:
                return False
            self._shots[point] -= 1
            return True

    def give_back(self, point: Point) -> None:
        """Nobody of ours was there to be killed."""
        self.load(point)

    def hit(self, point: Point) -> None:
        with self._fired:
            self.fired[point] += 1
            self._fired.notify_all()

    def wait_until_fired(self, point: Point, *, times: int, within: float) -> bool:
        with self._fired:
            return self._fired.wait_for(lambda: self.fired[point] >= times, timeout=within)
