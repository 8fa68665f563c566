"""Joining the line: who may, for which days, at which position."""

from datetime import date, timedelta

import pytest

from booking.enums import BookingWay, Standing, WaitingState
from booking.errors import BookingError
from booking.flows.waiting import join_line, leave_line
from booking.models import Absence, Counselor, Service, UnmetDemand, WaitingEntry
from offices.models import ClosedDay
from tests.factories import NOW, EmployerFactory, SeekerFactory, bookable_service, change_rules, jst
from tests.waiting.conftest import FRIDAY, TUESDAY, Join, service_with_line

pytestmark = pytest.mark.usefixtures("now")


def refused(join: Join, **wish: object) -> str:
    with pytest.raises(BookingError) as refusal:
        join(**wish)
    return refusal.value.code


def test_who_joins_later_stands_behind(join: Join) -> None:
    first, second, third = (join(now=NOW + timedelta(minutes=minute)) for minute in (0, 1, 1))
    assert [first.position, second.position, third.position] == [1, 2, 3]


def test_who_leaves_makes_room_and_comes_back_to_the_end(join: Join) -> None:
    first, second = join(), join()
    leave_line(first, by=first.seeker, now=NOW)
    first.refresh_from_db()
    assert (first.state, first.ended_at) == (WaitingState.LEFT, NOW)
    again = join(first.seeker, now=NOW + timedelta(minutes=1))
    assert (second.position, again.position) == (1, 2)


def test_leaving_twice_is_leaving_once(join: Join) -> None:
    entry = join()
    leave_line(entry, by=entry.seeker, now=NOW)
    leave_line(entry, by=entry.seeker, now=NOW + timedelta(hours=1))
    entry.refresh_from_db()
    assert entry.ended_at == NOW


def test_nobody_waits_twice_for_the_same_service(join: Join) -> None:
    entry = join()
    assert refused(join, seeker=entry.seeker) == "already_waiting"
    other = service_with_line()
    assert join(entry.seeker, service=other).position == 1


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        pytest.param({"has_waiting_list": False}, "no_waiting_list", id="no line"),
        pytest.param({"way": BookingWay.ARRANGED}, "no_waiting_list", id="arranged by the office"),
        pytest.param({"way": BookingWay.STAFF_ONLY}, "no_waiting_list", id="by staff only"),
        pytest.param({"standings": [Standing.RECOGNISED]}, "not_recognised", id="for the recognised"),
        pytest.param({"standings": [Standing.EMPLOYER]}, "employers_only", id="for employers"),
    ],
)
def test_the_rules_of_the_service_say_who_may_wait(join: Join, rules: dict[str, object], code: str) -> None:
    assert refused(join, service=service_with_line(**rules)) == code


def test_an_employer_does_not_wait_for_a_seekers_session(join: Join) -> None:
    assert refused(join, seeker=EmployerFactory.create()) == "not_for_employers"


def test_people_wait_for_a_service_that_is_booked_by_mail_link(join: Join) -> None:
    assert join(service=service_with_line(way=BookingWay.MAIL_LINK)).position == 1


def test_a_hidden_service_has_no_line(join: Join) -> None:
    service = service_with_line()
    service.is_active = False
    assert refused(join, service=service) == "service_closed"


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param(FRIDAY, TUESDAY, id="ends before it begins"),
        pytest.param(date(2026, 5, 20), date(2026, 5, 29), id="past"),
        pytest.param(date(2026, 6, 1), date(2026, 6, 1), id="today, which has closed"),
        pytest.param(date(2026, 6, 6), date(2026, 6, 7), id="a weekend"),
        pytest.param(date(2026, 6, 10), date(2026, 6, 10), id="a closed day"),
        pytest.param(TUESDAY, date(2027, 6, 3), id="further than 366 days"),
    ],
)
def test_a_period_without_a_day_to_book_is_refused(join: Join, service, first: date, last: date) -> None:
    ClosedDay.objects.create(office=service.office, day=date(2026, 6, 10))
    assert refused(join, first_day=first, last_day=last) == "bad_period"


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param(date(2026, 5, 1), TUESDAY, id="begun before today"),
        pytest.param(date(2026, 6, 7), date(2026, 6, 8), id="one working day in it"),
        pytest.param(date(2026, 9, 1), date(2026, 9, 1), id="its booking opens later"),
        pytest.param(TUESDAY, date(2027, 6, 2), id="366 days"),
    ],
)
def test_a_period_with_a_day_that_can_be_booked_now_or_later_is_fine(
    join: Join, counselor: Counselor, first: date, last: date
) -> None:
    Absence.objects.create(counselor=counselor, starts_at=jst(6, 6), ends_at=jst(7, 31))
    assert join(first_day=first, last_day=last).position == 1


def test_nobody_waits_while_a_time_is_free(join: Join, service: Service, counselor: Counselor) -> None:
    """Monday 8 June is free; with an absence on it there is nothing to book, and waiting makes sense."""
    monday = date(2026, 6, 8)
    assert refused(join, last_day=monday) == "times_free"
    Absence.objects.create(counselor=counselor, starts_at=jst(6, 8), ends_at=jst(6, 9))
    assert join(last_day=monday).position == 1


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        pytest.param(jst(6, 1, 23, 59, 59), None, id="the last second in which Tuesday can be booked"),
        pytest.param(jst(6, 2), "bad_period", id="Tuesday has closed"),
    ],
)
def test_the_last_day_must_not_have_closed(join: Join, moment, code: str | None) -> None:
    wish = {"last_day": TUESDAY, "now": moment}
    if code is None:
        join(**wish)
    else:
        assert refused(join, **wish) == code


@pytest.mark.requirement("J-39")
def test_joining_is_counted_without_a_name(join: Join, service) -> None:
    join()
    join()
    row = UnmetDemand.objects.get()
    assert (row.service, row.day, row.kind, row.count) == (service, date(2026, 6, 1), UnmetDemand.Kind.WAITING, 2)
    names = {field.name for field in UnmetDemand._meta.get_fields()}
    assert names == {"id", "service", "day", "kind", "count"}


def test_a_refused_wish_leaves_nothing(join: Join) -> None:
    refused(join, last_day=date(2026, 5, 1))
    assert not WaitingEntry.objects.exists()
    assert not UnmetDemand.objects.exists()


def test_the_rules_of_today_decide_over_the_line(db) -> None:
    service = bookable_service(counselors=0)
    seeker = SeekerFactory.create()
    change_rules(service, has_waiting_list=True, in_force_on=date(2026, 6, 2))
    wish = {"service": service, "seeker": seeker, "first_day": TUESDAY, "last_day": date(2026, 6, 30)}
    with pytest.raises(BookingError, match="空き待ち"):
        join_line(**wish, now=jst(6, 1, 23, 59, 59))
    assert join_line(**wish, now=jst(6, 2)).position == 1
