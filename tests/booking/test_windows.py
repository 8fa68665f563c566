"""From when, until when: every boundary from both sides (domain-and-standards A.6)."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.clock import JST, at, day_of, end_of
from booking.enums import CancelChannel
from booking.errors import Reason
from booking.policies import BookingPolicy
from booking.rules import windows
from offices.calendar import OfficeCalendar
from tests.factories import jst

POLICY = BookingPolicy(length=timedelta(minutes=30), step=timedelta(minutes=30))
CALENDAR = OfficeCalendar().business_days_before
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
CLOSED = Reason("booking_closed")


def policy(**changes: object) -> BookingPolicy:
    return BookingPolicy(**{"length": POLICY.length, "step": POLICY.step, **changes})


def is_bookable(day: date, rules: BookingPolicy, *, now: datetime) -> bool:
    return why(day, rules, now=now) is None


def why(day: date, rules: BookingPolicy, *, now: datetime) -> Reason | None:
    return windows.why_outside_window(day, rules, now=now, business_days_before=CALENDAR)


def run_of_days(rules: BookingPolicy, *, now: datetime) -> tuple[date, date]:
    first = windows.first_bookable_day(rules, now=now, business_days_before=CALENDAR)
    return first, windows.last_bookable_day(rules, now=now)


# Opening.


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
    assert is_bookable(session, POLICY, now=opening)
    assert not is_bookable(session, POLICY, now=opening - SECOND)


@pytest.mark.requirement("H-24")
@pytest.mark.parametrize(
    ("session", "changes", "opens"),
    [
        pytest.param(date(2026, 8, 31), {"opens_months_before": 2}, jst(6, 30), id="two months before, clamped"),
        pytest.param(date(2027, 2, 28), {"opens_months_before": 12}, jst(2, 28), id="a year before"),
        pytest.param(date(2028, 2, 29), {"opens_months_before": 12}, jst(2, 28, year=2027), id="from a leap day"),
        pytest.param(date(2026, 6, 15), {"opens_days_before": 14}, jst(6, 1), id="so many days, not the month"),
        pytest.param(date(2026, 6, 15), {"opens_days_before": 0}, jst(6, 15), id="on the day itself"),
    ],
)
def test_booking_opens_months_or_days_before(session: date, changes: dict[str, object], opens: datetime) -> None:
    assert windows.booking_opens_at(session, policy(closes_days_before=0, **changes)) == opens
    assert is_bookable(session, policy(closes_days_before=0, **changes), now=opens)
    assert not is_bookable(session, policy(closes_days_before=0, **changes), now=opens - SECOND)


@pytest.mark.requirement("H-24")
@pytest.mark.parametrize(
    ("session", "release_day", "ahead", "opens"),
    [
        pytest.param(date(2026, 7, 1), 20, 1, jst(6, 20, 9), id="the first of the next month"),
        pytest.param(date(2026, 7, 31), 20, 1, jst(6, 20, 9), id="the last of the next month at the same moment"),
        pytest.param(date(2026, 8, 1), 20, 1, jst(7, 20, 9), id="the month after it a month later"),
        pytest.param(date(2026, 3, 10), 31, 1, jst(2, 28, 9), id="a day that the month has not is its last one"),
        pytest.param(date(2028, 3, 10), 30, 1, jst(2, 29, 9, year=2028), id="which may be a leap day"),
        pytest.param(date(2027, 1, 5), 1, 2, jst(11, 1, 9), id="two months ahead, over the new year"),
        pytest.param(date(2026, 6, 25), 20, 0, jst(6, 20, 9), id="the rest of the month itself"),
    ],
)
def test_a_whole_month_is_released_at_one_moment(session: date, release_day: int, ahead: int, opens: datetime) -> None:
    release = policy(
        release_day=release_day,
        release_at=time(9),
        release_months_ahead=ahead,
        opens_days_before=3,
        opens_months_before=6,
    )
    assert windows.booking_opens_at(session, release) == opens
    assert is_bookable(session, release, now=opens)
    assert not is_bookable(session, release, now=opens - SECOND)


# Closing.


@pytest.mark.requirement("K-14", "H-01", "H-20", "S-21", "S-29")
def test_bookable_until_the_end_of_the_previous_day_in_japan() -> None:
    session = date(2026, 6, 2)
    assert is_bookable(session, POLICY, now=jst(6, 1, 23, 59, 59))
    assert not is_bookable(session, POLICY, now=jst(6, 2, 0, 0, 0))


@pytest.mark.requirement("K-14", "H-20", "S-21", "S-29")
@pytest.mark.parametrize(
    ("session", "changes", "closes"),
    [
        pytest.param(date(2026, 6, 2), {"closes_at": time(17)}, jst(6, 1, 17), id="17:00 on the day before"),
        pytest.param(date(2026, 6, 5), {"closes_days_before": 3}, jst(6, 3), id="the end of the third day before"),
        pytest.param(date(2026, 6, 5), {"closes_days_before": 0}, jst(6, 6), id="the end of the day itself"),
        pytest.param(
            date(2026, 6, 5), {"closes_days_before": 0, "closes_at": time(9)}, jst(6, 5, 9), id="9:00 on the day itself"
        ),
        pytest.param(date(2026, 6, 8), {}, jst(6, 8), id="Sunday night for a Monday, in calendar days"),
        pytest.param(
            date(2026, 6, 8),
            {"closes_in_business_days": True},
            jst(6, 6),
            id="Friday night for a Monday, in business days",
        ),
        pytest.param(
            date(2026, 6, 6), {"closes_in_business_days": True}, jst(6, 6), id="Friday night for a Saturday (S-29)"
        ),
        pytest.param(
            date(2026, 6, 6),
            {"closes_in_business_days": True, "closes_days_before": 0},
            jst(6, 7),
            id="no days before is the day itself, though a Saturday",
        ),
    ],
)
def test_booking_closes(session: date, changes: dict[str, object], closes: datetime) -> None:
    rules = policy(**changes)
    assert windows.booking_closes_at(session, rules, business_days_before=CALENDAR) == closes
    assert is_bookable(session, rules, now=closes - SECOND)
    assert not is_bookable(session, rules, now=closes)


@pytest.mark.requirement("K-14", "S-21")
@pytest.mark.parametrize(
    ("session", "one_before", "two_before"),
    [
        (date(2026, 5, 7), date(2026, 5, 1), date(2026, 4, 30)),
        (date(2026, 5, 11), date(2026, 5, 8), date(2026, 5, 7)),
        (date(2026, 9, 24), date(2026, 9, 18), date(2026, 9, 17)),
        (date(2026, 9, 28), date(2026, 9, 25), date(2026, 9, 24)),
        (date(2027, 1, 5), date(2027, 1, 4), date(2026, 12, 28)),
    ],
    ids=str,
)
def test_booking_closes_so_many_business_days_before(session: date, one_before: date, two_before: date) -> None:
    for days, last_day in ((1, one_before), (2, two_before)):
        rules = policy(closes_days_before=days, closes_in_business_days=True, closes_at=time(17))
        assert is_bookable(session, rules, now=at(last_day, time(17)) - SECOND)
        assert not is_bookable(session, rules, now=at(last_day, time(17)))
        cancelling = policy(cancel_closes_days_before=days, cancel_closes_in_business_days=True)
        closes_at = windows.cancel_closes_at(at(session, time(10)), cancelling, business_days_before=CALENDAR)
        assert closes_at == end_of(last_day)


def test_the_closed_days_of_the_office_count() -> None:
    rules = policy(closes_in_business_days=True)
    own = OfficeCalendar(closed_days=frozenset({date(2026, 6, 5)})).business_days_before
    assert windows.booking_closes_at(date(2026, 6, 8), rules, business_days_before=own) == jst(6, 5)


# The run of bookable days.


@pytest.mark.requirement("H-24", "K-14")
@pytest.mark.parametrize("now", [jst(1, 30, 12), jst(1, 31, 0), jst(2, 28, 23, 59, 59), jst(3, 1), jst(12, 31, 23)])
def test_first_and_last_bookable_day_agree_with_the_rule(now: datetime) -> None:
    first, last = run_of_days(POLICY, now=now)
    assert is_bookable(first, POLICY, now=now)
    assert is_bookable(last, POLICY, now=now)
    assert not is_bookable(first - DAY, POLICY, now=now)
    assert not is_bookable(last + DAY, POLICY, now=now)


@pytest.mark.requirement("H-24")
def test_the_last_bookable_day_jumps_by_a_month_at_the_release() -> None:
    release = policy(release_day=31, release_at=time(9))
    assert windows.last_bookable_day(release, now=jst(6, 30, 9) - SECOND) == date(2026, 6, 30)
    assert windows.last_bookable_day(release, now=jst(6, 30, 9)) == date(2026, 7, 31)


def test_no_day_is_bookable_when_the_month_opens_too_late() -> None:
    late = policy(release_day=20, release_months_ahead=0, closes_days_before=31)
    first, last = run_of_days(late, now=jst(6, 10))
    assert first > last
    assert last == date(2026, 5, 31)


def test_the_widest_rules_end() -> None:
    a_year = policy(closes_days_before=366, closes_in_business_days=True, opens_months_before=12)
    first, last = run_of_days(a_year, now=jst(6, 1))
    assert first > last == date(2027, 6, 1)
    assert windows.booking_closes_at(first, a_year, business_days_before=CALENDAR) > jst(6, 1)
    assert windows.booking_closes_at(first - DAY, a_year, business_days_before=CALENDAR) <= jst(6, 1)
    in_calendar_days = policy(closes_days_before=366, opens_months_before=12)
    assert run_of_days(in_calendar_days, now=jst(6, 1)) == (date(2027, 6, 2), date(2027, 6, 1))


clocks = st.times().map(lambda clock: clock.replace(microsecond=0))
moments = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(microsecond=0, tzinfo=JST)
)
opening_rules = st.one_of(
    st.fixed_dictionaries({"opens_months_before": st.integers(0, 24)}),
    st.fixed_dictionaries({"opens_days_before": st.integers(0, 500)}),
    st.fixed_dictionaries(
        {"release_day": st.integers(1, 31), "release_at": clocks, "release_months_ahead": st.integers(0, 24)}
    ),
)
closing_rules = st.one_of(
    st.fixed_dictionaries({"closes_days_before": st.integers(0, 366), "closes_at": st.none() | clocks}),
    st.fixed_dictionaries(
        {
            "closes_days_before": st.integers(0, 20),
            "closes_at": st.none() | clocks,
            "closes_in_business_days": st.just(True),
        }
    ),
)
policies = st.builds(lambda opening, closing: policy(**opening, **closing), opening_rules, closing_rules)


@pytest.mark.requirement("H-24", "K-14")
@settings(max_examples=60)
@given(policies, moments)
def test_the_bookable_days_are_exactly_those_from_the_first_to_the_last(rules: BookingPolicy, now: datetime) -> None:
    first, last = run_of_days(rules, now=now)
    days = [day_of(now) + timedelta(days=offset) for offset in range(-40, 800)]
    assert [day for day in days if is_bookable(day, rules, now=now)] == [day for day in days if first <= day <= last]
    assert windows.booking_opens_at(last, rules) <= now < windows.booking_opens_at(last + DAY, rules)


@pytest.mark.requirement("H-24", "K-14")
@given(policies, moments, st.integers(-5, 800))
def test_a_day_is_bookable_from_its_opening_until_its_close(rules: BookingPolicy, now: datetime, offset: int) -> None:
    day = day_of(now) + timedelta(days=offset)
    opens_at = windows.booking_opens_at(day, rules)
    closes_at = windows.booking_closes_at(day, rules, business_days_before=CALENDAR)
    for moment in (now, opens_at, opens_at - SECOND, closes_at, closes_at - SECOND):
        assert is_bookable(day, rules, now=moment) is (opens_at <= moment < closes_at)


# The reasons.


@pytest.mark.requirement("H-24", "K-14")
def test_the_reason_says_when_booking_opens() -> None:
    session = date(2026, 7, 2)
    assert why(session, POLICY, now=jst(6, 1, 23, 59, 59)) == Reason("not_open_yet", {"opens": jst(6, 2)})
    assert why(session, POLICY, now=jst(6, 2)) is None
    assert why(session, POLICY, now=jst(7, 1, 23, 59, 59)) is None
    assert why(session, POLICY, now=jst(7, 2)) == CLOSED


def test_a_day_that_closes_before_it_opens_is_closed_and_promises_no_opening() -> None:
    never = policy(opens_days_before=3, closes_days_before=5)
    assert why(date(2026, 6, 30), never, now=jst(6, 1)) == CLOSED
    barely = policy(opens_days_before=3, closes_days_before=3, closes_at=time(0, 1))
    assert why(date(2026, 6, 30), barely, now=jst(6, 1)) == Reason("not_open_yet", {"opens": jst(6, 27)})
    assert (
        why(date(2026, 6, 30), policy(opens_days_before=3, closes_days_before=3, closes_at=time(0)), now=jst(6, 1))
        == CLOSED
    )


# Cancelling.


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
        pytest.param({"cancel_closes_in_business_days": True}, jst(6, 2, 10), id="no business day before: the start"),
        pytest.param(
            {"cancel_closes_days_before": 2, "cancel_closes_in_business_days": True, "cancel_closes_at": time(17)},
            jst(5, 29, 17),
            id="until 17:00 two business days before",
        ),
    ],
)
def test_cancelling_in_the_portal_closes(changes: dict[str, object], closes: datetime) -> None:
    rules = policy(cancel_channel=CancelChannel.PORTAL, **changes)
    starts_at = jst(6, 2, 10)
    assert windows.cancel_closes_at(starts_at, rules, business_days_before=CALENDAR) == closes
    assert why_not_cancel(rules, now=closes - SECOND) is None
    assert why_not_cancel(rules, now=closes) == "past_cancellation_deadline"
    then_by_mail = policy(cancel_channel=CancelChannel.PORTAL_OR_MAIL, **changes)
    assert why_not_cancel(then_by_mail, now=closes - SECOND) is None
    assert why_not_cancel(then_by_mail, now=closes) == "past_deadline_write"


def why_not_cancel(rules: BookingPolicy, *, now: datetime) -> str | None:
    """Of a session on 2 June 2026 at 10:00."""
    reason = windows.why_not_cancel_now(jst(6, 2, 10), rules, now=now, business_days_before=CALENDAR)
    return reason.code if reason else None


@pytest.mark.requirement("S-26", "S-34")
def test_by_phone_or_mail_until_the_day_and_by_phone_on_it() -> None:
    by_phone_or_mail = policy(cancel_channel=CancelChannel.PHONE_OR_MAIL)
    assert why_not_cancel(by_phone_or_mail, now=jst(5, 2)) == "cancel_by_phone_or_mail"
    assert why_not_cancel(by_phone_or_mail, now=jst(6, 1, 23, 59, 59)) == "cancel_by_phone_or_mail"
    assert why_not_cancel(by_phone_or_mail, now=jst(6, 2)) == "cancel_by_phone"
    assert why_not_cancel(by_phone_or_mail, now=jst(6, 2, 10)) == "cancel_by_phone"


@pytest.mark.requirement("H-05", "H-26")
def test_by_phone_only() -> None:
    by_phone = policy(cancel_channel=CancelChannel.PHONE)
    assert why_not_cancel(by_phone, now=jst(5, 2)) == "cancel_by_phone"
    assert why_not_cancel(by_phone, now=jst(6, 2)) == "cancel_by_phone"


cancel_rules = st.fixed_dictionaries(
    {
        "cancel_closes_days_before": st.integers(0, 30),
        "cancel_closes_in_business_days": st.booleans(),
        "cancel_closes_at": st.none() | clocks,
    }
)


@pytest.mark.requirement("K-23", "S-33")
@given(cancel_rules, moments)
def test_nobody_cancels_in_the_portal_from_the_start_on(changes: dict[str, object], starts_at: datetime) -> None:
    rules = policy(cancel_channel=CancelChannel.PORTAL, **changes)
    assert windows.cancel_closes_at(starts_at, rules, business_days_before=CALENDAR) <= starts_at
    reason = windows.why_not_cancel_now(starts_at, rules, now=starts_at, business_days_before=CALENDAR)
    assert reason == Reason("past_cancellation_deadline")


# The day of the session.


@pytest.mark.requirement("K-24", "H-27", "S-27", "S-35")
def test_no_show_is_due_when_ten_full_minutes_have_passed() -> None:
    start = jst(6, 2, 10)
    assert not windows.is_no_show_due(start, POLICY, now=jst(6, 2, 10, 9, 59))
    assert windows.is_no_show_due(start, POLICY, now=jst(6, 2, 10, 10, 0))


@pytest.mark.requirement("K-24", "H-27", "S-27", "S-35")
def test_an_office_may_wait_longer() -> None:
    patient = policy(no_show_after=timedelta(minutes=15))
    assert not windows.is_no_show_due(jst(6, 2, 10), patient, now=jst(6, 2, 10, 14, 59))
    assert windows.is_no_show_due(jst(6, 2, 10), patient, now=jst(6, 2, 10, 15))


@pytest.mark.requirement("S-06")
def test_the_join_button_opens_before_the_start() -> None:
    assert windows.join_opens_at(jst(6, 2, 10), POLICY) == jst(6, 2, 9, 50)
    assert windows.join_opens_at(jst(6, 2, 10), policy(join_opens_before=timedelta(minutes=5))) == jst(6, 2, 9, 55)


def test_midnight_in_japan_is_the_border_of_days_not_midnight_in_utc() -> None:
    last_second = jst(6, 1, 23, 59, 59)
    assert day_of(last_second.astimezone(tz=None)) == date(2026, 6, 1)
    assert end_of(date(2026, 6, 1)) == jst(6, 2)


def test_a_naive_datetime_is_a_bug() -> None:
    with pytest.raises(ValueError, match="naive"):
        day_of(datetime(2026, 6, 1, 10))  # noqa: DTZ001
