"""Booking is judged by the rules of the day of booking, a session by those of its own day: both sides of midnight."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.urls import reverse

from booking.enums import BookingWay, CancelChannel, Requirement, ReservationStatus, Standing
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_seeker
from booking.flows.check_in import check_in
from booking.flows.hold import hold
from booking.flows.no_show import mark_no_show
from booking.models import Reservation, Service, ServiceHours
from tests.factories import ReservationFactory, SeekerFactory, bookable_service, change_rules, jst, slots_of
from tests.seeker.conftest import Way, agree

CHANGE = date(2026, 6, 10)
LAST_MINUTE, FIRST_MINUTE = jst(6, 9, 23, 59), jst(6, 10, 0, 0)
Freeze = Callable[[datetime], datetime]
SIDES = [pytest.param(LAST_MINUTE, False, id="last minute before"), pytest.param(FIRST_MINUTE, True, id="first minute")]

pytestmark = pytest.mark.requirement("S-12")


def code_of(act: Callable[[], Any]) -> str:
    try:
        act()
    except BookingError as refused:
        return refused.code
    return ""


# --- The day of booking ---

BOOKING_RULES = [
    pytest.param({"opens_days_before": 5}, jst(6, 19, 10), "not_open_yet", id="earliest"),
    pytest.param({"closes_days_before": 7}, jst(6, 15, 10), "booking_closed", id="latest"),
    pytest.param({"way": BookingWay.STAFF_ONLY}, jst(6, 15, 10), "by_staff_only", id="way"),
    pytest.param({"way": BookingWay.ARRANGED}, jst(6, 15, 10), "other_way", id="other way"),
    pytest.param({"standings": [Standing.RECOGNISED]}, jst(6, 15, 10), "not_recognised", id="standing"),
    pytest.param({"days_between": 7}, jst(6, 17, 10), "too_close", id="limit"),
]


@pytest.mark.parametrize(("moment", "is_new"), SIDES)
@pytest.mark.parametrize(("rules", "starts_at", "code"), BOOKING_RULES)
def test_booking_is_judged_by_the_day_it_is_made(
    service, seeker, freeze, rules, starts_at, code, moment, is_new
) -> None:
    ReservationFactory.create(
        service=service, counselor=service.counselors.last(), seeker=seeker, starts_at=jst(6, 18, 9)
    )
    change_rules(service, in_force_on=CHANGE, **rules)
    told = code_of(lambda: hold(service=service, starts_at=starts_at, seeker=seeker, now=moment))
    assert told == (code if is_new else "")


@pytest.mark.parametrize(("moment", "is_new"), SIDES)
@pytest.mark.parametrize(("rules", "starts_at", "code"), BOOKING_RULES)
def test_booking_by_http_is_judged_by_the_day_it_is_made(
    way: Way, seeker, freeze: Freeze, rules, starts_at, code, moment, is_new
) -> None:
    ReservationFactory.create(
        service=way.service, counselor=way.service.counselors.last(), seeker=seeker, starts_at=jst(6, 18, 9)
    )
    change_rules(way.service, in_force_on=CHANGE, **rules)
    freeze(moment)
    way.client.force_login(seeker)  # the session of the fixture is days old
    way.choose(starts_at)
    assert Reservation.objects.holds().exists() is not is_new


def test_what_is_asked_is_judged_by_the_day_it_is_answered(way: Way, seeker, freeze: Freeze) -> None:
    """Begun before midnight, sent after: what the new rules ask is asked, and the place is still held."""
    change_rules(way.service, in_force_on=CHANGE, topic=Requirement.REQUIRED)
    freeze(jst(6, 9, 23, 58))
    way.client.force_login(seeker)
    held = way.hold(jst(6, 15, 10))
    assert way.type(held, topic="").url == way.url("check", held.number)
    freeze(FIRST_MINUTE)
    assert "相談内容を入力してください" in way.type(held, topic="").content.decode()
    way.type(held)
    way.confirm(held)
    held.refresh_from_db()
    assert held.status == ReservationStatus.CONFIRMED


# --- The day of the session ---


def test_length_step_and_hours_are_those_of_the_sessions_day(service: Service, now: datetime) -> None:
    coming = change_rules(service, in_force_on=CHANGE, length_minutes=45, step_minutes=60)
    ServiceHours.objects.create(policy=coming, weekday=5, opens=time(9), closes=time(12))
    slots = {slot.starts_at: slot for slot in slots_of(service, now=now)}
    assert slots[jst(6, 9, 9, 30)].ends_at == jst(6, 9, 10)
    assert jst(6, 10, 9, 30) not in slots
    assert slots[jst(6, 10, 10)].ends_at == jst(6, 10, 10, 45)
    assert jst(6, 12, 10) in slots


def test_a_booking_of_today_gets_the_length_of_its_own_day(way: Way) -> None:
    change_rules(way.service, in_force_on=CHANGE, length_minutes=45, step_minutes=45)
    before, after = way.hold(jst(6, 9, 9)), way.hold(jst(6, 10, 9))
    assert (before.ends_at, after.ends_at) == (jst(6, 9, 9, 30), jst(6, 10, 9, 45))


CUT_OFF = [
    pytest.param(jst(6, 9, 16), jst(6, 9, 15, 59), "", id="before the change: until the start"),
    pytest.param(jst(6, 9, 16), jst(6, 9, 16), "past_cancellation_deadline", id="at the start"),
    pytest.param(jst(6, 10, 16), jst(6, 9, 16, 59, 59), "", id="from the change on: until 17:00 of the day before"),
    pytest.param(jst(6, 10, 16), jst(6, 9, 17), "past_cancellation_deadline", id="17:00 of the day before"),
]


@pytest.mark.requirement("K-23")
@pytest.mark.parametrize(("starts_at", "moment", "code"), CUT_OFF)
def test_the_cut_off_is_that_of_the_sessions_day(service, seeker, starts_at, moment, code) -> None:
    """Also before the change comes: a session after it was booked under its cut-off."""
    change_rules(service, in_force_on=CHANGE, cancel_closes_days_before=1, cancel_closes_at=time(17))
    row = ReservationFactory.create(
        service=service, counselor=service.counselors.first(), seeker=seeker, starts_at=starts_at
    )
    assert code_of(lambda: cancel_by_seeker(row, by=seeker, now=moment)) == code


@pytest.mark.requirement("K-23")
@pytest.mark.parametrize(("starts_at", "moment", "code"), CUT_OFF)
def test_the_cut_off_by_http_is_that_of_the_sessions_day(
    signed_in, service, seeker, freeze, starts_at, moment, code
) -> None:
    change_rules(service, in_force_on=CHANGE, cancel_closes_days_before=1, cancel_closes_at=time(17))
    row = ReservationFactory.create(
        service=service, counselor=service.counselors.first(), seeker=seeker, starts_at=starts_at
    )
    freeze(moment)
    signed_in.force_login(seeker)
    signed_in.post(reverse("booking:cancel", args=[row.number]))
    row.refresh_from_db()
    assert (row.status == ReservationStatus.CANCELLED_BY_SEEKER) is not bool(code)


@pytest.mark.parametrize(("day", "is_phone_only"), [(9, False), (10, True)], ids=["before", "from the change on"])
def test_the_channel_is_that_of_the_sessions_day(service, seeker, day: int, is_phone_only: bool) -> None:
    change_rules(service, in_force_on=CHANGE, cancel_channel=CancelChannel.PHONE)
    row = ReservationFactory.create(
        service=service, counselor=service.counselors.first(), seeker=seeker, starts_at=jst(6, day, 16)
    )
    told = code_of(lambda: cancel_by_seeker(row, by=seeker, now=jst(6, 8, 12)))
    assert told == ("cancel_by_phone" if is_phone_only else "")


@pytest.mark.requirement("K-24")
@pytest.mark.parametrize(("day", "minutes"), [(9, 10), (10, 15)], ids=["before", "from the change on"])
def test_lateness_is_that_of_the_sessions_day(service, day: int, minutes: int) -> None:
    change_rules(service, in_force_on=CHANGE, no_show_minutes=15)
    start = jst(6, day, 10)
    row = ReservationFactory.create(
        service=service, counselor=service.counselors.first(), starts_at=start, counselor_present_at=start
    )
    due = start + timedelta(minutes=minutes)
    assert not mark_no_show(row.pk, now=due - timedelta(seconds=1))
    assert mark_no_show(row.pk, now=due)


@pytest.mark.requirement("S-06")
@pytest.mark.parametrize(("day", "minutes"), [(9, 10), (10, 20)], ids=["before", "from the change on"])
def test_joining_is_that_of_the_sessions_day(service, seeker, day: int, minutes: int) -> None:
    change_rules(service, in_force_on=CHANGE, join_opens_minutes=20)
    start = jst(6, day, 10)
    row = ReservationFactory.create(
        service=service, counselor=service.counselors.first(), seeker=seeker, starts_at=start
    )
    agree(seeker, [service.terms, service.software_terms])
    opens = start - timedelta(minutes=minutes)
    assert code_of(lambda: check_in(row, by=seeker, now=opens - timedelta(seconds=1))) == "join_not_open"
    assert code_of(lambda: check_in(row, by=seeker, now=opens)) == ""


def test_a_service_whose_first_rules_come_tomorrow_is_closed_today(now: datetime) -> None:
    service = bookable_service(in_force_on=date(2026, 6, 2))
    wish = {"service": service, "starts_at": jst(6, 8, 10), "seeker": SeekerFactory.create()}
    assert code_of(lambda: hold(now=jst(6, 1, 23, 59, 59), **wish)) == "service_closed"
    assert code_of(lambda: hold(now=jst(6, 2), **wish)) == ""
