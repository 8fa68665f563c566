"""A freed place is offered to the first in line whom it fits."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from booking.enums import Language, MailKind, Origin, ReservationStatus, WaitingState
from booking.flows.cancel import cancel_by_office, cancel_by_seeker
from booking.flows.hold import hold, release
from booking.flows.offering import offer_free_places
from booking.flows.reserve import reserve
from booking.flows.waiting import decline
from booking.models import Absence, Counselor, InterpreterHours, Reservation, Restriction, Service, WaitingEntry
from booking.periodic import offer_places_of_office, serve_waiting_lines
from mailing.models import OutgoingMail
from tests.factories import (
    NOW,
    CounselorFactory,
    ReservationFactory,
    SeekerFactory,
    UserFactory,
    change_rules,
    jst,
    slots_of,
)
from tests.waiting.conftest import DETAILS, TEN, TUESDAY, Join, service_with_line

pytestmark = pytest.mark.usefixtures("now")
NOON = jst(6, 1, 12)


def free(reservation: Reservation) -> None:
    cancel_by_seeker(reservation, by=reservation.seeker, now=NOW)


def offered(entry: WaitingEntry) -> Reservation | None:
    entry.refresh_from_db()
    assert (entry.state == WaitingState.OFFERED) == (entry.reservation is not None)
    return entry.reservation


def test_the_first_in_line_is_offered_the_place_and_nobody_else(join: Join, taken: Reservation) -> None:
    first, second = join(), join()
    free(taken)
    assert offer_free_places(first.service, now=NOW) == 1
    place = offered(first)
    assert place is not None
    assert (place.starts_at, place.status, place.origin) == (TEN, ReservationStatus.OFFERED, Origin.WAITING_LIST)
    assert (place.seeker, place.hold_expires_at) == (first.seeker, NOON)
    assert offered(second) is None
    assert not slots_of(first.service, now=NOW, first_day=TUESDAY, last_day=TUESDAY)


def test_the_mail_is_written_with_the_offer(join: Join, taken: Reservation) -> None:
    entry = join()
    free(taken)
    offer_free_places(entry.service, now=NOW)
    mail = OutgoingMail.objects.get(kind=MailKind.OFFER)
    assert (mail.to, mail.due_at) == (entry.seeker.email, NOW)


def test_offering_twice_offers_once(join: Join, taken: Reservation) -> None:
    entry = join()
    free(taken)
    assert [offer_free_places(entry.service, now=NOW) for _run in range(3)] == [1, 0, 0]
    assert OutgoingMail.objects.filter(kind=MailKind.OFFER).count() == 1


def test_a_place_that_was_free_before_and_fits_nobody_stays_for_all(join: Join, service: Service) -> None:
    monday = date(2026, 6, 8)
    join()
    assert offer_free_places(service, now=NOW) == 0
    slot = slots_of(service, now=NOW, first_day=monday, last_day=monday)[0]
    assert hold(service=service, starts_at=slot.starts_at, seeker=SeekerFactory.create(), now=NOW)


def test_each_place_goes_to_the_first_whom_it_fits(join: Join, service: Service) -> None:
    """The first in line waits for Friday only: Tuesday goes to the second, Friday to the first."""
    for_friday = join(first_day=date(2026, 6, 5))
    for_any_day, left_over = join(), join()
    for reservation in Reservation.objects.filter(starts_at__in=[TEN, jst(6, 5, 10)]):
        free(reservation)
    assert offer_free_places(service, now=NOW) == 2
    assert [place and place.starts_at for place in map(offered, (for_friday, for_any_day, left_over))] == [
        jst(6, 5, 10),
        TEN,
        None,
    ]


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        pytest.param(jst(6, 1, 7, 59, 59), None, id="7:59:59"),
        pytest.param(jst(6, 1, 8), jst(6, 1, 10), id="8:00"),
        pytest.param(jst(6, 1, 20, 59, 59), jst(6, 2), id="20:59:59, until booking closes"),
        pytest.param(jst(6, 1, 21), None, id="21:00"),
    ],
)
def test_nobody_is_offered_anything_between_21_and_8(
    freeze, join: Join, taken: Reservation, moment: datetime, until: datetime | None
) -> None:
    entry = join(last_day=TUESDAY, now=jst(6, 1, 7))
    cancel_by_seeker(taken, by=taken.seeker, now=jst(6, 1, 7))
    freeze(moment)
    serve_waiting_lines()
    place = offered(entry)
    assert (place.hold_expires_at if place else None) == until


def test_the_offer_of_the_evening_lasts_through_the_night(join: Join, service: Service) -> None:
    entry = join(first_day=date(2026, 6, 5))
    free(Reservation.objects.get(starts_at=jst(6, 5, 10)))
    offer_free_places(service, now=jst(6, 1, 20, 59, 59))
    place = offered(entry)
    assert place is not None
    assert place.hold_expires_at == jst(6, 2, 9, 59, 59)


@pytest.mark.parametrize(
    ("moment", "count"),
    [pytest.param(jst(6, 1, 16, 59, 59), 1, id="a second before"), pytest.param(jst(6, 1, 17), 0, id="closed")],
)
def test_nothing_is_offered_once_booking_has_closed(moment: datetime, count: int, join: Join, taken, service) -> None:
    change_rules(service, closes_at="17:00")
    entry = join(last_day=TUESDAY)
    free(taken)
    assert offer_free_places(service, now=moment) == count
    place = offered(entry)
    assert place is None or place.hold_expires_at == jst(6, 1, 17)


def test_the_same_time_is_never_offered_to_the_same_person_again(join: Join, service, taken: Reservation) -> None:
    first, second = join(), join()
    free(taken)
    offer_free_places(service, now=NOW)
    decline(first, by=first.seeker, now=NOW)
    assert offer_free_places(service, now=NOW) == 1
    assert offered(first) is None
    assert offered(second) is not None
    decline(second, by=second.seeker, now=NOW)
    assert offer_free_places(service, now=NOW) == 0
    assert [first.position, second.position] == [1, 2]


def test_who_is_restricted_by_now_is_passed_over(join: Join, service, taken: Reservation) -> None:
    first, second = join(), join()
    Restriction.objects.create(
        office=service.office,
        seeker=first.seeker,
        ground="hindering",
        reason="x",
        text="x",
        begins_on=date(2026, 6, 1),
        decided_by=UserFactory.create(is_staff=True),
        decided_at=NOW,
    )
    free(taken)
    offer_free_places(service, now=NOW)
    assert offered(first) is None
    assert offered(second) is not None


def test_who_has_no_account_any_more_is_passed_over(join: Join, service, taken: Reservation) -> None:
    first, second = join(), join()
    first.seeker.is_active = False
    first.seeker.save(update_fields=["is_active"])
    free(taken)
    offer_free_places(service, now=NOW)
    assert offered(first) is None
    assert offered(second) is not None


def test_who_may_have_no_more_sessions_is_passed_over(join: Join, service, taken: Reservation) -> None:
    change_rules(service, most_coming=1)
    first, second = join(), join()
    ReservationFactory.create(service=service, seeker=first.seeker, starts_at=jst(6, 9, 10))
    free(taken)
    offer_free_places(service, now=NOW)
    assert offered(first) is None
    assert offered(second) is not None


def test_who_is_busy_then_is_passed_over(join: Join, service, taken: Reservation) -> None:
    first, second = join(), join()
    ReservationFactory.create(seeker=first.seeker, starts_at=jst(6, 2, 10))
    free(taken)
    offer_free_places(service, now=NOW)
    assert offered(first) is None
    assert offered(second) is not None


def test_an_offer_leaves_the_hold_on_another_time_alone(join: Join, service, taken: Reservation) -> None:
    entry = join()
    held = hold(service=service, starts_at=jst(6, 9, 10), seeker=entry.seeker, now=NOW)
    free(taken)
    offer_free_places(service, now=NOW)
    held.refresh_from_db()
    assert held.status == ReservationStatus.HELD
    assert offered(entry) is not None


def test_a_place_of_another_counselor_does_not_fit(join: Join, service, taken: Reservation, counselor) -> None:
    other = CounselorFactory.create(office=service.office, services=[service], windows=[])
    for_other, for_any = join(counselor=other), join()
    for_this = join(counselor=counselor)
    free(taken)
    offer_free_places(service, now=NOW)
    assert [offered(entry) is not None for entry in (for_other, for_any, for_this)] == [False, True, False]


def test_who_needs_an_interpreter_is_offered_a_time_with_one(join: Join, service, taken: Reservation) -> None:
    entry = join(language=Language.ENGLISH)
    free(taken)
    assert offer_free_places(service, now=NOW) == 0
    InterpreterHours.objects.create(
        office=service.office, language=Language.ENGLISH, weekday=1, opens="10:00", closes="12:00", seats=1
    )
    assert offer_free_places(service, now=NOW) == 1
    place = offered(entry)
    assert place is not None
    assert place.office_interpreter == Language.ENGLISH


def test_two_counselors_free_at_one_time_are_two_places(join: Join, service, taken: Reservation) -> None:
    entries = [join(last_day=TUESDAY) for _person in range(3)]
    CounselorFactory.create(office=service.office, services=[service])
    free(taken)
    assert offer_free_places(service, now=NOW) == 2
    places = [offered(entry) for entry in entries]
    assert places[2] is None
    assert len({place.counselor_id for place in places[:2] if place}) == 2


def test_an_absence_taken_back_is_found_by_the_sweeper(freeze, join: Join, service, counselor: Counselor) -> None:
    absence = Absence.objects.create(counselor=counselor, starts_at=jst(6, 8), ends_at=jst(6, 9))
    entry = join(first_day=date(2026, 6, 8), last_day=date(2026, 6, 8))
    assert serve_waiting_lines() == 0
    absence.delete()
    assert serve_waiting_lines() == 1
    assert offered(entry) is not None


def test_a_service_that_dropped_its_line_offers_nothing(join: Join, service, taken: Reservation) -> None:
    entry = join()
    free(taken)
    change_rules(service, has_waiting_list=False)
    assert offer_free_places(service, now=NOW) == 0
    assert offered(entry) is None


def test_the_offer_counts_as_a_session_of_the_person(join: Join, service, taken: Reservation) -> None:
    """Whoever waits in two lines does not get past the office's limit."""
    other = service_with_line(office=service.office, limit_scope="office", most_coming=1)
    change_rules(service, limit_scope="office", most_coming=1)
    first = join()
    second = join(first.seeker, service=other)
    CounselorFactory.create(office=service.office, services=[other])
    free(taken)
    assert offer_free_places(service, now=NOW) == 1
    assert offer_free_places(other, now=NOW) == 0
    assert offered(second) is None


def seeker_cancels(taken: Reservation) -> None:
    free(taken)


def office_cancels(taken: Reservation) -> None:
    cancel_by_office(taken, by=None, reason="x", now=NOW)


def another_releases_a_hold(taken: Reservation) -> None:
    held = hold(service=taken.service, starts_at=jst(6, 9, 10), seeker=SeekerFactory.create(), now=NOW)
    release(held, by=held.seeker, now=NOW)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ending", [seeker_cancels, office_cancels, another_releases_a_hold])
@pytest.mark.parametrize("is_waited_for", [True, False])
def test_a_freed_place_wakes_a_worker_when_somebody_waits(
    redis, join: Join, taken: Reservation, ending: Callable[[Reservation], None], is_waited_for: bool
) -> None:
    if is_waited_for:
        join()
    ending(taken)
    calls = [message for message in redis.lrange("default", 0, -1) if b"offer_places_of_office" in message]
    assert len(calls) == is_waited_for


def test_a_moved_reservation_offers_its_old_time(join: Join, service, taken: Reservation, counselor) -> None:
    """The hook asks for the office, since the reservation has its new time by then."""
    entry = join(last_day=TUESDAY)
    Reservation.objects.filter(pk=taken.pk).update(
        starts_at=jst(6, 9, 10), ends_at=jst(6, 9, 10, 30), host_until=jst(6, 9, 10, 30)
    )
    offer_places_of_office(service.office_id)
    assert offered(entry) is not None


def test_who_booked_the_time_alone_is_no_longer_offered_one(join: Join, service, taken: Reservation) -> None:
    entry = join()
    free(taken)
    held = hold(service=service, starts_at=TEN, seeker=entry.seeker, now=NOW)
    reserve(held, details=DETAILS, now=NOW)
    entry.refresh_from_db()
    assert entry.state == WaitingState.ENDED
    assert not OutgoingMail.objects.filter(kind=MailKind.WAITING_ENDED).exists()
    assert offer_free_places(service, now=NOW + timedelta(minutes=1)) == 0
