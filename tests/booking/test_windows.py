"""From when, until when: every boundary from both sides (domain-and-standards A.6)."""

from datetime import date, datetime, time, timedelta

import pytest

from booking.clock import JST, day_of, end_of
from booking.enums import CancelChannel
from booking.policies import BookingPolicy
from booking.rules import windows
from tests.factories import jst

POLICY = BookingPolicy(length=timedelta(minutes=30), step=timedelta(minutes=30))
SECOND = timedelta(seconds=1)


def policy(**changes: object) -> BookingPolicy:
    return BookingPolicy(**{"length": POLICY.length, "step": POLICY.step, **changes})


@pytest.mark.requirement("H-24")
@pytest.mark.parametrize(
    ("session", "opens"),
    [
        pytest.param(date(2026, 3, 30), date(2026, 2, 28), id="30 March opens on 28 February"),
        pytest.param(date(2026, 3, 31), date(2026, 2, 28), id="31 March opens on 28 February"),
        pytest.param(date(2028, 3, 30), date(2028, 2, 29), id="in a leap year on 29 February"),
        pytest.param(date(2026, 5, 31), date(2026, 4, 30), id="31 May opens on 30 April"),
        pytest.param(date(2026, 12, 31), date(2026, 11, 30), id="31 December opens on 30 November"),
        pytest.param(date(2026, 1, 15), date(2025, 12, 15), id="January opens in December"),
        pytest.param(date(2026, 7, 1), date(2026, 6, 1), id="the same day of the month"),
    ],
)
def test_booking_opens_one_calendar_month_before_clamped(session: date, opens: date) -> None:
    opening = windows.booking_opens_at(session, POLICY)
    assert opening == datetime.combine(opens, time.min, JST)
    assert windows.is_bookable(session, POLICY, now=opening)
    assert not windows.is_bookable(session, POLICY, now=opening - SECOND)


@pytest.mark.requirement("K-14", "H-01", "H-20", "S-21", "S-29")
def test_bookable_until_the_end_of_the_previous_day_in_japan() -> None:
    session = date(2026, 6, 2)
    assert windows.is_bookable(session, POLICY, now=jst(6, 1, 23, 59, 59))
    assert not windows.is_bookable(session, POLICY, now=jst(6, 2, 0, 0, 0))


def test_bookable_until_a_time_on_the_previous_day() -> None:
    early = policy(closes_at=time(17, 0))
    assert windows.is_bookable(date(2026, 6, 2), early, now=jst(6, 1, 16, 59, 59))
    assert not windows.is_bookable(date(2026, 6, 2), early, now=jst(6, 1, 17, 0, 0))


def test_bookable_until_some_days_before() -> None:
    three_days = policy(closes_days_before=3)
    assert windows.is_bookable(date(2026, 6, 5), three_days, now=jst(6, 2, 23, 59, 59))
    assert not windows.is_bookable(date(2026, 6, 5), three_days, now=jst(6, 3))


@pytest.mark.parametrize("now", [jst(1, 30, 12), jst(1, 31, 0), jst(2, 28, 23, 59, 59), jst(3, 1), jst(12, 31, 23)])
def test_first_and_last_bookable_day_agree_with_the_rule(now: datetime) -> None:
    first, last = windows.first_bookable_day(POLICY, now=now), windows.last_bookable_day(POLICY, now=now)
    day = timedelta(days=1)
    assert windows.is_bookable(first, POLICY, now=now)
    assert windows.is_bookable(last, POLICY, now=now)
    assert not windows.is_bookable(first - day, POLICY, now=now)
    assert not windows.is_bookable(last + day, POLICY, now=now)


@pytest.mark.requirement("K-23", "S-33")
@pytest.mark.parametrize(
    ("changes", "closes"),
    [
        pytest.param({}, jst(6, 2, 10), id="until the start"),
        pytest.param({"cancel_closes_days_before": 1}, jst(6, 2), id="until the end of the previous day"),
        pytest.param(
            {"cancel_closes_days_before": 1, "cancel_closes_at": time(17)},
            jst(6, 1, 17),
            id="until 17:00 the day before",
        ),
        pytest.param({"cancel_closes_at": time(9)}, jst(6, 2, 9), id="until 9:00 of the day itself"),
        pytest.param({"cancel_closes_at": time(12)}, jst(6, 2, 10), id="never after the start"),
    ],
)
def test_cancelling_in_the_portal_closes(changes: dict[str, object], closes: datetime) -> None:
    assert windows.cancel_closes_at(jst(6, 2, 10), policy(cancel_channel=CancelChannel.PORTAL, **changes)) == closes


@pytest.mark.requirement("K-24", "H-27", "S-27", "S-35")
def test_no_show_is_due_when_ten_full_minutes_have_passed() -> None:
    start = jst(6, 2, 10)
    assert not windows.is_no_show_due(start, POLICY, now=jst(6, 2, 10, 9, 59))
    assert windows.is_no_show_due(start, POLICY, now=jst(6, 2, 10, 10, 0))


@pytest.mark.requirement("S-06")
def test_the_join_button_opens_before_the_start() -> None:
    assert windows.join_opens_at(jst(6, 2, 10), POLICY) == jst(6, 2, 9, 50)


def test_midnight_in_japan_is_the_border_of_days_not_midnight_in_utc() -> None:
    last_second = jst(6, 1, 23, 59, 59)
    assert day_of(last_second.astimezone(tz=None)) == date(2026, 6, 1)
    assert end_of(date(2026, 6, 1)) == jst(6, 2)


def test_a_naive_datetime_is_a_bug() -> None:
    with pytest.raises(ValueError, match="naive"):
        day_of(datetime(2026, 6, 1, 10))  # noqa: DTZ001
