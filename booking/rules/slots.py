"""Interval arithmetic of free time. An interval is (start, end), half-open; lists are sorted and disjoint."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice, pairwise

Interval = tuple[datetime, datetime]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted and disjoint; intervals that overlap or touch become one."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def subtract(free: list[Interval], busy: Iterable[Interval]) -> list[Interval]:
    """What is left of `free` (sorted, disjoint) without `busy` (any order)."""
    left: list[Interval] = []
    blocks = union(busy)
    first = 0
    for free_start, end in free:
        start = free_start
        while first < len(blocks) and blocks[first][1] <= start:
            first += 1
        for busy_start, busy_end in islice(blocks, first, None):
            if busy_start >= end:
                break
            if start < busy_start:
                left.append((start, busy_start))
            start = max(start, busy_end)
        if start < end:
            left.append((start, end))
    return left


def grid(hours: Interval, *, length: timedelta, step: timedelta) -> list[datetime]:
    """The starts that the service's hours allow: every `step` from their opening, the session wholly inside (H-22)."""
    starts = []
    start, end = hours
    while start + length <= end:
        starts.append(start)
        start += step
    return starts


def fitting(starts: Iterable[datetime], free: list[Interval], *, length: timedelta) -> list[datetime]:
    """Those of the sorted starts from which a whole session lies inside one interval of `free`."""
    fits = []
    intervals = iter(free)
    current = next(intervals, None)
    for start in starts:
        while current is not None and current[1] < start + length:
            current = next(intervals, None)
        if current is None:
            break
        if current[0] <= start:
            fits.append(start)
    return fits


def with_gap(intervals: Iterable[Interval], gap: timedelta) -> list[Interval]:
    """Each wider by `gap` on both sides: the sessions of a counselor, with the free time wanted between two of them."""
    return [(start - gap, end + gap) for start, end in intervals]


def intervals_with_seat(hours: Iterable[Interval], sessions: Iterable[Interval], seats: int) -> list[Interval]:
    """The parts of `hours` (any order) in which fewer than `seats` of the sessions run: an interpreter is free."""
    if seats < 1:
        return []
    changes = sorted(change for start, end in sessions for change in ((start, 1), (end, -1)))
    full: list[Interval] = []
    running = 0
    for (moment, change), (following, _) in pairwise(changes):
        running += change
        if running >= seats:
            full.append((moment, following))
    return subtract(union(hours), full)
