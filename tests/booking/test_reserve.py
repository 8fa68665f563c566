"""A held time becomes a reservation with its meeting and mails, in one transaction."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from booking.enums import Action, MeetingState, Requirement, ReservationStatus
from booking.errors import BookingError, SlotTaken
from booking.flows.hold import hold, release
from booking.flows.lapse import lapse
from booking.flows.reserve import ReservationDetails, reserve
from booking.models import OnlineMeeting, Reservation, Service
from mailing.models import OutgoingMail
from terms.models import Consent
from tests.factories import NOW, SeekerFactory, TermsVersionFactory, bookable_service, jst

pytestmark = pytest.mark.django_db
TEN = jst(6, 2, 10)
MINUTE = timedelta(minutes=1)
DETAILS = ReservationDetails(
    name="髙﨑 𠮷子", phone="090-1234-5678", phone_e164="+819012345678", topic="面接の練習", companions=["interpreter"]
)


def held_place(service: Service | None = None, **more: object) -> Reservation:
    return hold(service=service or bookable_service(), starts_at=TEN, seeker=SeekerFactory.create(), now=NOW, **more)


def refusal(held: Reservation, details: ReservationDetails = DETAILS, *, now: object = NOW) -> str:
    with pytest.raises(BookingError) as refused:
        reserve(held, details=details, now=now)
    return refused.value.code


@pytest.mark.requirement("K-17")
def test_reservation_meeting_and_mails_are_written_together() -> None:
    reservation = reserve(held_place(), details=DETAILS, now=NOW)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CONFIRMED
    assert reservation.reserved_at == NOW
    assert (reservation.name, reservation.topic, reservation.companions) == ("髙﨑 𠮷子", "面接の練習", ["interpreter"])
    assert reservation.meetings.get().state == MeetingState.REQUESTED
    kinds = set(OutgoingMail.objects.about(str(reservation.uuid)).values_list("kind", flat=True))
    assert "reservation_confirmed" in kinds
    assert [event.action for event in reservation.events.all()] == [Action.HOLD, Action.RESERVE]


def test_nothing_remains_when_the_transaction_fails() -> None:
    held = held_place()
    with transaction.atomic():
        reserve(held, details=DETAILS, now=NOW)
        transaction.set_rollback(True)
    held.refresh_from_db()
    assert held.status == ReservationStatus.HELD
    assert not OnlineMeeting.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_a_double_click_makes_one_reservation() -> None:
    held = held_place()
    first, second = (reserve(held, details=DETAILS, now=NOW) for _click in range(2))
    assert first.pk == second.pk
    assert OnlineMeeting.objects.count() == 1


def test_a_lapsed_hold_is_taken_anew_while_the_place_is_free() -> None:
    held = held_place()
    later = NOW + 20 * MINUTE
    reservation = reserve(held, details=DETAILS, now=later)
    assert (reservation.starts_at, reservation.status) == (TEN, ReservationStatus.CONFIRMED)
    held.refresh_from_db()
    assert held.status == ReservationStatus.EXPIRED


def test_a_swept_hold_is_taken_anew_too() -> None:
    held = held_place()
    later = NOW + 20 * MINUTE
    assert lapse(held.pk, now=later)
    assert reserve(held, details=DETAILS, now=later).status == ReservationStatus.CONFIRMED


def test_a_lapsed_hold_whose_place_was_taken_loses() -> None:
    held = held_place()
    later = NOW + 20 * MINUTE
    hold(service=held.service, starts_at=TEN, seeker=SeekerFactory.create(), now=later)
    with pytest.raises(SlotTaken):
        reserve(held, details=DETAILS, now=later)


def test_a_hold_given_back_cannot_be_used() -> None:
    held = held_place()
    release(held, by=held.seeker, now=NOW)
    assert refusal(held) == "hold_given_back"


@pytest.mark.requirement("K-14")
def test_a_lapsed_hold_cannot_be_used_after_the_closing() -> None:
    held = held_place()
    assert refusal(held, now=jst(6, 2, 0)) == "booking_closed"


@pytest.mark.requirement("K-15", "S-30")
@pytest.mark.parametrize("field", ["seeker_number", "topic"])
@pytest.mark.parametrize(
    ("mark", "refused"), [(Requirement.REQUIRED, True), (Requirement.OPTIONAL, False), (Requirement.HIDDEN, False)]
)
def test_an_office_decides_what_must_be_told(field: str, mark: Requirement, refused: bool) -> None:
    held = held_place(bookable_service(**{field: mark}))
    without = replace(DETAILS, **{field: " "})
    if refused:
        assert refusal(held, without) == "details_missing"
    else:
        assert reserve(held, details=without, now=NOW).status == ReservationStatus.CONFIRMED


@pytest.mark.parametrize("field", ["name", "phone"])
def test_name_and_phone_are_always_needed(field: str) -> None:
    assert refusal(held_place(), replace(DETAILS, **{field: ""})) == "details_missing"


@pytest.mark.requirement("J-02", "J-08", "K-02", "K-06", "H-08", "H-13", "S-15", "S-01")
@pytest.mark.parametrize("kind", ["terms", "software_terms"])
def test_without_consent_to_either_text_nothing_is_reserved(kind: str) -> None:
    held = held_place()
    version = TermsVersionFactory.create(document=getattr(held.service, kind))
    assert refusal(held) == "consent_missing"
    Consent.objects.create(person=held.seeker, version=version, language="ja")
    assert reserve(held, details=DETAILS, now=NOW).status == ReservationStatus.CONFIRMED


def test_reservation_numbers_are_short_and_without_letters_that_look_alike() -> None:
    numbers = {reserve(held_place(), details=DETAILS, now=NOW).number for _person in range(5)}
    assert len(numbers) == 5
    assert all(len(number) == 8 and not set(number) & set("01OIL") for number in numbers)
