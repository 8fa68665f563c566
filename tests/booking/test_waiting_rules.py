"""Offers to the waiting list: when they may be made, and how long they last over the night."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.clock import JST, day_bounds, day_of
from booking.policies import BookingPolicy
from booking.rules.slots import subtract
from booking.rules.waiting import may_offer_now, next_offer_moment, offer_deadline
from tests.factories import jst

LATER = jst(7, 1)
"""Booking closes long after every offer of these tests."""


def policy(offer_lasts: timedelta = timedelta(hours=2)) -> BookingPolicy:
    half_hour = timedelta(minutes=30)
    return BookingPolicy(length=half_hour, step=half_hour, has_waiting_list=True, offer_lasts=offer_lasts)


@pytest.mark.parametrize(
    ("now", "may", "following"),
    [
        pytest.param(jst(6, 1, 7, 59, 59), False, jst(6, 1, 8), id="one second before 8:00"),
        pytest.param(jst(6, 1, 8), True, jst(6, 1, 8), id="8:00"),
        pytest.param(jst(6, 1, 20, 59, 59), True, jst(6, 1, 20, 59, 59), id="one second before 21:00"),
        pytest.param(jst(6, 1, 21), False, jst(6, 2, 8), id="21:00"),
        pytest.param(jst(6, 1, 23, 59, 59), False, jst(6, 2, 8), id="one second before midnight"),
        pytest.param(jst(6, 2), False, jst(6, 2, 8), id="midnight"),
    ],
)
def test_nobody_is_offered_a_place_at_night(now: datetime, may: bool, following: datetime) -> None:
    for moment in (now, now.astimezone(tz=None)):
        assert may_offer_now(moment) is may
        assert next_offer_moment(moment) == following


@pytest.mark.parametrize(
    ("now", "lasts", "deadline"),
    [
        pytest.param(jst(6, 1, 10), timedelta(hours=2), jst(6, 1, 12), id="by day"),
        pytest.param(jst(6, 1, 19), timedelta(hours=2), jst(6, 1, 21), id="until the rest begins"),
        pytest.param(jst(6, 1, 19, 0, 1), timedelta(hours=2), jst(6, 2, 8, 0, 1), id="one second more"),
        pytest.param(jst(6, 1, 20, 30), timedelta(hours=2), jst(6, 2, 9, 30), id="over the night"),
        pytest.param(jst(6, 1, 20, 59, 59), timedelta(hours=12), jst(6, 2, 19, 59, 59), id="most of a day"),
        pytest.param(jst(6, 1, 10), timedelta(hours=24), jst(6, 2, 21), id="24 hours awake are two days"),
        pytest.param(jst(6, 1, 23), timedelta(hours=2), jst(6, 2, 10), id="made at night it starts in the morning"),
    ],
)
def test_the_time_of_an_offer_stands_still_at_night(now: datetime, lasts: timedelta, deadline: datetime) -> None:
    assert offer_deadline(now, policy(lasts), closes_at=LATER) == deadline


@pytest.mark.parametrize("closes_at", [jst(6, 1, 20, 45), jst(6, 2), jst(6, 2, 9, 29, 59)])
def test_an_offer_never_lasts_beyond_the_close_of_booking(closes_at: datetime) -> None:
    assert offer_deadline(jst(6, 1, 20, 30), policy(), closes_at=closes_at) == closes_at
    assert offer_deadline(jst(6, 1, 20, 30), policy(), closes_at=jst(6, 2, 9, 30, 1)) == jst(6, 2, 9, 30)


moments = st.datetimes(datetime(2026, 6, 1), datetime(2026, 6, 8)).map(  # noqa: DTZ001
    lambda naive: naive.replace(microsecond=0, tzinfo=JST)
)
lengths = st.integers(1, 72 * 60).map(lambda minutes: timedelta(minutes=minutes))


def awake(start: datetime, end: datetime) -> timedelta:
    """The time from 8:00 to 21:00 between the two."""
    day = day_of(start) - timedelta(days=1)
    nights = []
    while day <= day_of(end):
        evening, morning = day_bounds(day, day)[0] + timedelta(hours=21), day_bounds(day, day)[1] + timedelta(hours=8)
        nights.append((evening, morning))
        day += timedelta(days=1)
    return sum((last - first for first, last in subtract([(start, end)], nights)), timedelta(0))


@given(moments, lengths)
def test_everybody_has_the_same_hours_to_answer(now: datetime, lasts: timedelta) -> None:
    deadline = offer_deadline(now, policy(lasts), closes_at=jst(8, 1))
    assert awake(now, deadline) == lasts
    assert time(8) < deadline.astimezone(JST).time() <= time(21)


@given(moments, lengths, moments)
def test_the_close_of_booking_has_the_last_word(now: datetime, lasts: timedelta, closes_at: datetime) -> None:
    unlimited = offer_deadline(now, policy(lasts), closes_at=jst(8, 1))
    assert offer_deadline(now, policy(lasts), closes_at=closes_at) == min(unlimited, closes_at)


@given(moments)
def test_the_next_moment_for_an_offer_is_one(now: datetime) -> None:
    following = next_offer_moment(now)
    assert may_offer_now(following)
    assert (following == now) is may_offer_now(now)
    assert now <= following <= now + timedelta(hours=11)
