"""Which places are free: windows minus absences, closed days and reservations, cut by the service."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest

from booking.availability import Search, Slot, bookable_days, nearest_slots
from booking.enums import OCCUPYING, ReservationStatus
from booking.models import OpeningWindow, Service, ServiceHours
from offices.models import ClosedDay
from tests.factories import (
    MONDAY,
    NOW,
    AbsenceFactory,
    CounselorFactory,
    ReservationFactory,
    SeekerFactory,
    ServiceFactory,
    bookable_service,
    jst,
    slots_of,
)

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 6, 2)
TEN = jst(6, 2, 10)


def starts(service: Service, day: date = TUESDAY, *, now: datetime = NOW, **more: object) -> list[str]:
    slots = slots_of(service, now=now, first_day=day, last_day=day, **more)
    return [f"{slot.starts_at.astimezone(NOW.tzinfo):%H:%M}" for slot in slots]


def place(service: Service, at: datetime = TEN, **more: object) -> Slot | None:
    slots = slots_of(service, now=NOW, first_day=TUESDAY, last_day=TUESDAY, **more)
    return next((slot for slot in slots if slot.starts_at == at), None)


@pytest.mark.requirement("K-13")
def test_a_day_is_cut_into_sessions() -> None:
    service = bookable_service()
    assert starts(service) == [f"{hour:02}:{minute:02}" for hour in range(9, 17) for minute in (0, 30)]


@pytest.mark.requirement("H-22", "H-20")
def test_45_minutes_lie_wholly_inside_10_to_12_and_14_to_16() -> None:
    hours = [(1, time(10), time(12)), (1, time(14), time(16))]
    service = bookable_service(length_minutes=45, step_minutes=15, hours=hours)
    assert starts(service) == [
        "10:00", "10:15", "10:30", "10:45", "11:00", "11:15",
        "14:00", "14:15", "14:30", "14:45", "15:00", "15:15",
    ]  # fmt: skip


def test_each_time_is_offered_once_with_the_number_still_free() -> None:
    service = bookable_service(counselors=3)
    ReservationFactory.create(service=service, counselor=service.counselors.first())
    slot = place(service)
    assert slot is not None
    assert slot.places == 2


@pytest.mark.parametrize("status", OCCUPYING)
def test_a_reservation_takes_the_counselors_time(status: ReservationStatus) -> None:
    service = bookable_service()
    ReservationFactory.create(
        service=service, counselor=service.counselors.get(), status=status, hold_expires_at=NOW + timedelta(minutes=10)
    )
    assert place(service) is None


@pytest.mark.parametrize(
    "status",
    [status for status in ReservationStatus if status not in OCCUPYING],
)
def test_what_is_over_or_cancelled_takes_no_time(status: ReservationStatus) -> None:
    service = bookable_service()
    ReservationFactory.create(service=service, counselor=service.counselors.get(), status=status)
    assert place(service) is not None


@pytest.mark.parametrize(("seconds", "is_free"), [(599, False), (600, True)])
def test_a_hold_takes_the_time_for_ten_minutes_swept_or_not(seconds: int, is_free: bool) -> None:
    service = bookable_service()
    ReservationFactory.create(
        service=service,
        counselor=service.counselors.get(),
        status=ReservationStatus.HELD,
        hold_expires_at=NOW + timedelta(minutes=10),
    )
    assert ("10:00" in starts(service, now=NOW + timedelta(seconds=seconds))) is is_free


def test_an_absence_takes_every_session_it_touches() -> None:
    service = bookable_service()
    AbsenceFactory.create(counselor=service.counselors.get(), starts_at=jst(6, 2, 10, 15), ends_at=jst(6, 2, 11))
    assert starts(service)[:4] == ["09:00", "09:30", "11:00", "11:30"]


def test_a_closed_day_of_the_office_has_no_places() -> None:
    service = bookable_service()
    ClosedDay.objects.create(office=service.office, day=TUESDAY)
    assert starts(service) == []


def test_a_national_holiday_has_no_places() -> None:
    service = bookable_service()
    now = jst(7, 1, 9)
    assert starts(service, date(2026, 7, 20), now=now) == []
    assert starts(service, date(2026, 7, 21), now=now) != []


@pytest.mark.requirement("S-29")
def test_a_saturday_service_has_places_on_saturdays() -> None:
    saturday = [(5, time(10), time(12))]
    service = ServiceFactory.create(hours=saturday, length_minutes=45, step_minutes=45)
    CounselorFactory.create(office=service.office, services=[service], windows=saturday)
    assert starts(service, date(2026, 6, 6)) == ["10:00", "10:45"]


@pytest.mark.requirement("K-14")
def test_today_is_no_longer_bookable_and_tomorrow_is_until_midnight() -> None:
    service = bookable_service()
    assert starts(service, MONDAY) == []
    assert starts(service, TUESDAY, now=jst(6, 1, 23, 59, 59)) != []
    assert starts(service, TUESDAY, now=jst(6, 2, 0, 0, 0)) == []


@pytest.mark.requirement("H-24")
def test_the_day_one_month_ahead_is_the_last() -> None:
    service = bookable_service()
    assert bookable_days(service, now=NOW) == (TUESDAY, date(2026, 7, 1))
    assert starts(service, date(2026, 7, 1)) != []
    assert starts(service, date(2026, 7, 2)) == []


def test_a_window_holds_from_its_first_to_its_last_day() -> None:
    service = ServiceFactory.create()
    counselor = CounselorFactory.create(office=service.office, services=[service], windows=[])
    OpeningWindow.objects.create(
        counselor=counselor,
        weekday=1,
        begins_on=date(2026, 6, 9),
        ends_on=date(2026, 6, 16),
        opens=time(9),
        closes=time(10),
    )
    days = {slot.starts_at.astimezone(NOW.tzinfo).date() for slot in slots_of(service, now=NOW)}
    assert days == {date(2026, 6, 9), date(2026, 6, 16)}


def test_a_single_day_window_holds_on_that_day_only() -> None:
    service = ServiceFactory.create()
    counselor = CounselorFactory.create(office=service.office, services=[service], windows=[])
    OpeningWindow.objects.create(
        counselor=counselor, begins_on=TUESDAY, ends_on=TUESDAY, opens=time(9), closes=time(10)
    )
    assert len(slots_of(service, now=NOW)) == 2


def test_counselors_of_other_services_and_inactive_ones_are_not_offered() -> None:
    service = ServiceFactory.create()
    CounselorFactory.create(office=service.office, services=[])
    CounselorFactory.create(office=service.office, services=[service], is_active=False)
    assert starts(service) == []


def test_the_chosen_counselor_narrows_the_places() -> None:
    service = bookable_service(counselors=2)
    first, second = service.counselors.order_by("pk")
    ReservationFactory.create(service=service, counselor=first)
    assert place(service, counselor=first) is None
    slot = place(service, counselor=second)
    assert slot is not None
    assert slot.counselor_ids == (second.pk,)


def test_times_at_which_the_seeker_is_busy_are_not_offered() -> None:
    service = bookable_service(counselors=2)
    seeker = SeekerFactory.create()
    ReservationFactory.create(service=service, counselor=service.counselors.first(), seeker=seeker)
    assert place(service, seeker=seeker) is None
    assert place(service, seeker=SeekerFactory.create()) is not None


def test_the_seekers_own_hold_stays_on_offer() -> None:
    service = bookable_service()
    seeker = SeekerFactory.create()
    ReservationFactory.create(
        service=service,
        counselor=service.counselors.get(),
        seeker=seeker,
        status=ReservationStatus.HELD,
        hold_expires_at=NOW + timedelta(minutes=10),
    )
    assert place(service, seeker=seeker) is not None
    assert place(service) is None


def test_the_nearest_free_times_are_offered_by_start() -> None:
    service = bookable_service()
    ReservationFactory.create(service=service, counselor=service.counselors.get())
    nearest = nearest_slots(Search(service=service, now=NOW), around=jst(6, 2, 10))
    assert [slot.starts_at for slot in nearest] == [jst(6, 2, 9, 0), jst(6, 2, 9, 30), jst(6, 2, 10, 30)]


def test_the_number_of_queries_does_not_grow_with_the_data(
    django_assert_num_queries: Callable[..., object],
) -> None:
    service = bookable_service(counselors=6)
    ServiceHours.objects.create(policy=service.versions[0], weekday=5, opens=time(9), closes=time(12))
    for counselor in service.counselors.all():
        for day in (2, 3, 4, 5):
            ReservationFactory.create(service=service, counselor=counselor, starts_at=jst(6, day, 10))
            AbsenceFactory.create(counselor=counselor, starts_at=jst(6, day, 13), ends_at=jst(6, day, 14))
    seeker = SeekerFactory.create()
    with django_assert_num_queries(5):
        slots_of(service, now=NOW, seeker=seeker)
