"""Interval arithmetic of free time, example by example and by hypothesis."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.rules.slots import Interval, fitting, grid, intervals_with_seat, subtract, union, with_gap
from tests.factories import jst

HALF_HOUR = timedelta(minutes=30)
FORTY_FIVE = timedelta(minutes=45)
QUARTER = timedelta(minutes=15)
MIDNIGHT = jst(6, 2)


def interval(start: int, end: int) -> Interval:
    return MIDNIGHT + timedelta(minutes=start), MIDNIGHT + timedelta(minutes=end)


intervals = st.lists(
    st.tuples(st.integers(0, 1400), st.integers(1, 300)).map(lambda pair: interval(pair[0], pair[0] + pair[1])),
    max_size=8,
)


@pytest.mark.requirement("H-22")
def test_45_minutes_in_10_to_12_start_at_11_15_at_the_latest() -> None:
    starts = grid((jst(6, 2, 10), jst(6, 2, 12)), length=FORTY_FIVE, step=QUARTER)
    assert starts[0] == jst(6, 2, 10)
    assert starts[-1] == jst(6, 2, 11, 15)


@pytest.mark.requirement("S-02")
def test_30_minutes_until_16_45_start_at_16_at_the_latest_on_the_half_hour_grid() -> None:
    starts = grid((jst(6, 2, 8, 30), jst(6, 2, 16, 45)), length=HALF_HOUR, step=HALF_HOUR)
    assert starts[-1] == jst(6, 2, 16)
    assert grid((jst(6, 2, 8, 30), jst(6, 2, 16, 45)), length=HALF_HOUR, step=QUARTER)[-1] == jst(6, 2, 16, 15)


def test_a_session_may_end_exactly_when_the_next_one_starts() -> None:
    free = subtract([interval(0, 120)], [interval(30, 60)])
    assert free == [interval(0, 30), interval(60, 120)]
    starts = [MIDNIGHT + timedelta(minutes=minute) for minute in range(0, 120, 15)]
    assert fitting(starts, free, length=HALF_HOUR) == [interval(minute, 120)[0] for minute in (0, 60, 75, 90)]


def test_touching_windows_count_as_one() -> None:
    assert union([interval(60, 120), interval(0, 60)]) == [interval(0, 120)]


def minutes_of(spans: list[Interval]) -> set[datetime]:
    return {
        start + timedelta(minutes=minute)
        for start, end in spans
        for minute in range(int((end - start).total_seconds() // 60))
    }


@given(intervals)
def test_union_covers_the_same_minutes_sorted_and_disjoint(spans: list[Interval]) -> None:
    merged = union(spans)
    assert minutes_of(merged) == minutes_of(spans)
    assert all(first[1] < second[0] for first, second in pairwise(merged))


@given(intervals, intervals)
def test_subtract_leaves_exactly_the_free_minutes(free: list[Interval], busy: list[Interval]) -> None:
    assert minutes_of(subtract(union(free), busy)) == minutes_of(free) - minutes_of(busy)


@given(intervals, intervals, st.sampled_from([HALF_HOUR, FORTY_FIVE]))
def test_exactly_the_starts_whose_whole_session_is_free_fit(
    free: list[Interval], busy: list[Interval], length: timedelta
) -> None:
    left = subtract(union(free), busy)
    starts = [MIDNIGHT + timedelta(minutes=minute) for minute in range(0, 1700, 5)]
    minutes = minutes_of(left)
    whole = int(length.total_seconds() // 60)
    expected = [s for s in starts if all(s + timedelta(minutes=minute) in minutes for minute in range(whole))]
    assert fitting(starts, left, length=length) == expected


def test_the_gap_keeps_two_sessions_apart_on_both_sides() -> None:
    busy = [interval(60, 90)]
    starts = [MIDNIGHT + timedelta(minutes=minute) for minute in range(0, 180, 5)]
    free = subtract([interval(0, 180)], with_gap(busy, QUARTER))
    fits = fitting(starts, free, length=HALF_HOUR)
    assert max(start for start in fits if start < busy[0][0]) == interval(15, 45)[0]
    assert min(start for start in fits if start > busy[0][0]) == interval(105, 135)[0]
    assert with_gap(busy, timedelta(0)) == busy


@given(intervals, st.integers(0, 60), st.integers(0, 1400))
def test_exactly_the_starts_with_the_gap_to_every_session_are_left(
    sessions: list[Interval], gap: int, minute: int
) -> None:
    start, end = interval(minute, minute + 30)
    pause = timedelta(minutes=gap)
    free = subtract([interval(-100, 2000)], with_gap(sessions, pause))
    keeps = all(end + pause <= other[0] or other[1] + pause <= start for other in sessions)
    assert bool(fitting([start], free, length=HALF_HOUR)) is keeps


@pytest.mark.parametrize(
    ("seats", "left"),
    [
        pytest.param(0, [], id="nobody interprets"),
        pytest.param(1, [interval(0, 30), interval(120, 150), interval(170, 180)], id="one interpreter"),
        pytest.param(2, [interval(0, 60), interval(90, 180)], id="two interpreters"),
        pytest.param(3, [interval(0, 180)], id="three interpreters"),
    ],
)
def test_a_session_needs_a_seat_of_the_interpreters(seats: int, left: list[Interval]) -> None:
    sessions = [interval(60, 120), interval(150, 170), interval(30, 90)]
    assert intervals_with_seat([interval(0, 180)], sessions, seats) == left


def test_the_seat_is_free_the_moment_a_session_ends() -> None:
    one_after_the_other = [interval(30, 60), interval(60, 90)]
    assert intervals_with_seat([interval(0, 90)], one_after_the_other, 2) == [interval(0, 90)]
    assert intervals_with_seat([interval(0, 120)], one_after_the_other, 1) == [interval(0, 30), interval(90, 120)]


@given(intervals, intervals, st.integers(0, 4))
def test_exactly_the_minutes_with_fewer_sessions_than_seats_are_left(
    hours: list[Interval], sessions: list[Interval], seats: int
) -> None:
    left = intervals_with_seat(hours, sessions, seats)
    running = [minutes_of([session]) for session in sessions]
    expected = {minute for minute in minutes_of(hours) if sum(minute in one for one in running) < seats}
    assert minutes_of(left) == expected
    assert all(first[1] < second[0] for first, second in pairwise(left))
