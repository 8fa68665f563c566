"""How often one person may come, and how full a counselor may be: at the limit and one below."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.errors import Reason
from booking.policies import BookingPolicy
from booking.rules.limits import counts_from, is_counselor_full, why_over_limit

TODAY = date(2026, 6, 10)
"""A Wednesday; its week is 8 to 14 June."""

pytestmark = pytest.mark.requirement("S-12")


def policy(**changes: object) -> BookingPolicy:
    return BookingPolicy(**{"length": timedelta(minutes=30), "step": timedelta(minutes=30), **changes})


def june(*days: int) -> list[date]:
    return [date(2026, 6, day) for day in days]


def test_without_limits_one_comes_as_often_as_one_likes() -> None:
    assert why_over_limit(TODAY, june(*range(1, 31)) * 2, policy(), today=TODAY) is None


def test_coming_are_the_sessions_of_today_and_later() -> None:
    two = policy(most_coming=2)
    over = Reason("too_many_coming", {"most": 2})
    assert why_over_limit(june(30)[0], june(1, 9, 20), two, today=TODAY) is None
    assert why_over_limit(june(30)[0], june(1, 10, 20), two, today=TODAY) == over
    assert why_over_limit(june(30)[0], june(20, 22), two, today=TODAY) == over


def test_none_at_all_when_the_limit_is_nought() -> None:
    assert why_over_limit(june(30)[0], [], policy(most_coming=0), today=TODAY) == Reason("too_many_coming", {"most": 0})


@pytest.mark.parametrize(
    ("day", "others", "is_over"),
    [
        pytest.param(8, [7, 15], False, id="Monday: the Sunday before and the Monday after are other weeks"),
        pytest.param(8, [14], True, id="Monday and the Sunday of the same week"),
        pytest.param(14, [8], True, id="Sunday and the Monday of the same week, though past"),
        pytest.param(14, [15, 7], False, id="Sunday: the Monday after is another week"),
    ],
)
def test_a_week_is_monday_to_sunday(day: int, others: list[int], is_over: bool) -> None:
    reason = why_over_limit(june(day)[0], june(*others), policy(most_per_week=1), today=TODAY)
    assert reason == (Reason("too_many_in_week", {"most": 1}) if is_over else None)


def test_a_week_goes_on_over_the_new_year() -> None:
    once = policy(most_per_week=1)
    assert why_over_limit(date(2027, 1, 3), [date(2026, 12, 28)], once, today=TODAY) is not None
    assert why_over_limit(date(2027, 1, 4), [date(2027, 1, 3)], once, today=TODAY) is None
    assert why_over_limit(date(2027, 6, 9), [date(2026, 6, 10)], once, today=TODAY) is None


@pytest.mark.parametrize(
    ("others", "is_over"),
    [
        pytest.param([date(2026, 5, 31), date(2026, 7, 1)], False, id="the days beside the month"),
        pytest.param([date(2026, 6, 1), date(2026, 6, 30)], True, id="the first and the last day"),
        pytest.param([date(2026, 6, 1), date(2025, 6, 30)], False, id="the same month of another year"),
    ],
)
def test_a_month_is_that_of_the_calendar(others: list[date], is_over: bool) -> None:
    reason = why_over_limit(june(15)[0], others, policy(most_per_month=2), today=TODAY)
    assert reason == (Reason("too_many_in_month", {"most": 2}) if is_over else None)


@pytest.mark.parametrize(
    ("days", "other", "is_close"),
    [
        pytest.param(1, 20, True, id="not twice on one day"),
        pytest.param(1, 21, False, id="on the next day"),
        pytest.param(7, 14, True, id="six days before"),
        pytest.param(7, 13, False, id="seven days before"),
        pytest.param(7, 26, True, id="six days after"),
        pytest.param(7, 27, False, id="seven days after"),
        pytest.param(0, 20, False, id="no days between allows two on one day"),
    ],
)
def test_so_many_days_lie_between_two_sessions(days: int, other: int, is_close: bool) -> None:
    reason = why_over_limit(june(20)[0], june(other), policy(days_between=days), today=TODAY)
    code = "twice_a_day" if days == 1 else "too_close"
    assert (reason.code if reason else None) == (code if is_close else None)


def test_the_nearest_session_is_named() -> None:
    reason = why_over_limit(june(20)[0], june(15, 22, 1), policy(days_between=7), today=TODAY)
    assert reason == Reason("too_close", {"days": 7, "other": date(2026, 6, 22)})


@pytest.mark.parametrize(("count", "is_full"), [(0, False), (3, False), (4, True), (5, True)])
def test_a_counselor_is_full_at_the_most_of_the_day(count: int, is_full: bool) -> None:
    assert is_counselor_full(count, policy(most_sessions_a_day=4)) is is_full
    assert not is_counselor_full(count, policy())


@pytest.mark.parametrize(
    ("day", "days_between", "first"),
    [
        pytest.param(date(2026, 6, 30), None, date(2026, 6, 1), id="the first of its month"),
        pytest.param(date(2026, 7, 2), None, date(2026, 6, 10), id="today"),
        pytest.param(date(2026, 6, 2), None, date(2026, 6, 1), id="today would be too late for a past day"),
        pytest.param(date(2026, 6, 15), 30, date(2026, 5, 16), id="so many days before"),
    ],
)
def test_the_first_day_that_counts(day: date, days_between: int | None, first: date) -> None:
    assert counts_from(day, policy(days_between=days_between), today=TODAY) == first


def test_the_week_counts_from_its_monday_in_the_month_before() -> None:
    assert counts_from(date(2026, 7, 2), policy(), today=date(2026, 7, 1)) == date(2026, 6, 29)


limits = st.integers(0, 4)
policies = st.builds(
    lambda **changes: policy(**changes),
    most_coming=st.none() | limits,
    most_per_week=st.none() | limits,
    most_per_month=st.none() | limits,
    days_between=st.none() | st.integers(0, 40),
)
days_around = st.integers(-60, 90).map(lambda offset: TODAY + timedelta(days=offset))
coming_days = st.integers(0, 90).map(lambda offset: TODAY + timedelta(days=offset))


@given(policies, st.lists(days_around, max_size=12), coming_days)
def test_sessions_before_the_first_day_that_counts_change_nothing(
    rules: BookingPolicy, others: list[date], day: date
) -> None:
    counted = [other for other in others if other >= counts_from(day, rules, today=TODAY)]
    assert why_over_limit(day, others, rules, today=TODAY) == why_over_limit(day, counted, rules, today=TODAY)


@given(policies, st.lists(coming_days, max_size=15))
def test_who_books_only_what_is_allowed_never_exceeds_a_limit(rules: BookingPolicy, wishes: list[date]) -> None:
    booked: list[date] = []
    for wish in wishes:
        if why_over_limit(wish, booked, rules, today=TODAY) is None:
            booked.append(wish)
    weeks = [day.isocalendar()[:2] for day in booked]
    months = [(day.year, day.month) for day in booked]
    for counted, most in (
        ([None] * len(booked), rules.most_coming),
        (weeks, rules.most_per_week),
        (months, rules.most_per_month),
    ):
        assert most is None or all(counted.count(one) <= most for one in counted)
    booked.sort()
    apart = [(later - earlier).days for earlier, later in pairwise(booked)]
    assert all(days >= (rules.days_between or 0) for days in apart)
