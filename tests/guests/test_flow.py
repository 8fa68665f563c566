"""The flow behind the pages: who is the same person, which limits count, what a new request does with an earlier one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from booking.enums import BookingWay, Requirement, ReservationStatus, Standing
from booking.errors import BookingError, SlotTaken
from booking.flows.lapse import lapse
from booking.flows.mail_link import confirm_by_link
from booking.flows.reserve import ReservationDetails
from booking.models import Guest, Reservation, Service
from mailing.models import OutgoingMail
from terms.consent import give_consent
from terms.models import Consent, TermsKind, TermsVersion
from tests.factories import NOW, ReservationFactory, SeekerFactory, change_rules, jst
from tests.guests.conftest import DETAILS, MAIL, START, agree_to_all, link_service, request

LATER = jst(6, 2, 14)


def code_of(ask: Callable[[], object]) -> str:
    with pytest.raises(BookingError) as refused:
        ask()
    return refused.value.code


def test_a_guest_is_one_person_however_the_address_is_written(service: Service) -> None:
    first = request(service, who="Hanako@Mail.Example")
    request(service, who="hanako@mail.example", starts_at=LATER, instead_of=first)
    assert Guest.objects.get().email == "hanako@mail.example"


# --- The same person with and without an account ---


def test_an_account_with_a_session_then_is_busy_as_a_guest_too(service: Service) -> None:
    ReservationFactory.create(seeker=SeekerFactory.create(email=MAIL), starts_at=START)
    assert code_of(lambda: request(service)) == "seeker_busy"


def test_a_guest_with_a_session_then_is_busy_with_the_account_too(service: Service) -> None:
    request(link_service())
    assert code_of(lambda: request(service, who=SeekerFactory.create(email=MAIL))) == "seeker_busy"


@pytest.mark.requirement("S-12")
def test_the_limit_counts_what_account_and_guest_have_together(now: datetime) -> None:
    service = link_service(counselors=2, most_coming=1)
    seeker = SeekerFactory.create(email=MAIL)
    ReservationFactory.create(service=service, seeker=seeker, starts_at=jst(6, 3, 10))
    assert code_of(lambda: request(service)) == "too_many_coming"
    assert code_of(lambda: request(service, who=seeker)) == "too_many_coming"


@pytest.mark.requirement("S-12")
def test_a_request_nobody_confirmed_yet_counts(now: datetime) -> None:
    service = link_service(counselors=2, days_between=7)
    other = link_service(counselors=2)
    confirm_by_link(request(service), now=NOW)
    assert code_of(lambda: request(service, starts_at=jst(6, 3, 10))) == "too_close"
    assert request(other, starts_at=jst(6, 3, 10)).status == ReservationStatus.AWAITING_LINK


# --- One open request of a service ---


def test_a_new_request_of_the_browser_takes_the_place_of_the_earlier(service: Service) -> None:
    first = request(service)
    second = request(service, starts_at=LATER, instead_of=first)
    first.refresh_from_db()
    assert (first.status, second.status) == (ReservationStatus.LAPSED, ReservationStatus.AWAITING_LINK)
    assert code_of(lambda: confirm_by_link(first, now=NOW)) == "link_expired"


def test_who_only_types_the_address_does_not_end_what_its_owner_asked_for(service: Service) -> None:
    first = request(service)
    assert code_of(lambda: request(service, starts_at=LATER)) == "link_open"
    assert confirm_by_link(first, now=NOW).status == ReservationStatus.CONFIRMED


def test_signed_in_the_own_earlier_request_is_replaced_from_any_browser(service: Service) -> None:
    seeker = SeekerFactory.create()
    first = request(service, who=seeker)
    second = request(service, who=seeker, starts_at=LATER)
    first.refresh_from_db()
    assert (first.status, second.status) == (ReservationStatus.LAPSED, ReservationStatus.AWAITING_LINK)


def test_the_earlier_stays_when_the_new_place_cannot_be_had(service: Service) -> None:
    first = request(service)
    request(service, who="other@mail.example", starts_at=LATER)
    with pytest.raises(SlotTaken):
        request(service, starts_at=LATER, instead_of=first)
    first.refresh_from_db()
    assert first.status == ReservationStatus.AWAITING_LINK


def test_what_is_firm_stays_whatever_is_asked_for(service: Service) -> None:
    first = confirm_by_link(request(service), now=NOW)
    request(service, starts_at=LATER, instead_of=first)
    first.refresh_from_db()
    assert first.status == ReservationStatus.CONFIRMED


def test_another_service_is_another_request(service: Service) -> None:
    first = request(service)
    request(link_service(), starts_at=LATER)
    first.refresh_from_db()
    assert first.status == ReservationStatus.AWAITING_LINK


@pytest.mark.requirement("S-31")
def test_what_ran_out_is_in_nobodys_way(service: Service) -> None:
    first = request(service)
    late = jst(6, 1, 11, 0, 1)
    second = request(service, who="other@mail.example", now=late)
    assert second.counselor == first.counselor
    first.refresh_from_db()
    assert first.status == ReservationStatus.LAPSED


# --- Refusals ---


def of_the_portal_only(person: Any) -> None:
    versions = TermsVersion.objects.filter(document__kind=TermsKind.PORTAL)
    give_consent(person, versions=versions, language="ja", request=None)


def of_the_service_only(person: Any) -> None:
    versions = TermsVersion.objects.exclude(document__kind=TermsKind.PORTAL)
    give_consent(person, versions=versions, language="ja", request=None)


def to_nothing(person: Any) -> None:
    """Agrees to nothing."""


@pytest.mark.requirement("J-02")
@pytest.mark.parametrize("agree", [to_nothing, of_the_portal_only, of_the_service_only])
def test_all_terms_have_to_be_agreed_to(service: Service, agree: Any) -> None:
    assert code_of(lambda: request(service, agree=agree)) == "consent_missing"
    assert not Consent.objects.exists()
    assert not Guest.objects.exists()


@pytest.mark.requirement("S-30")
@pytest.mark.parametrize("missing", ["name", "phone"])
def test_name_and_phone_are_needed(service: Service, missing: str) -> None:
    details = replace(DETAILS, **{missing: " "})
    assert code_of(lambda: request(service, details=details)) == "details_missing"


@pytest.mark.requirement("S-30")
def test_the_number_is_needed_where_the_office_says_so(service: Service) -> None:
    assert request(service).seeker_number == ""
    change_rules(service, seeker_number=Requirement.REQUIRED)
    assert code_of(lambda: request(service, starts_at=LATER)) == "details_missing"


@pytest.mark.parametrize(
    ("rules", "start", "code"),
    [
        ({}, jst(6, 1, 15), "booking_closed"),
        ({}, jst(7, 2, 10), "not_open_yet"),
        ({}, jst(6, 2, 3), "slot_taken"),
        ({"way": BookingWay.AT_ONCE}, START, "other_way"),
        ({"way": BookingWay.STAFF_ONLY}, START, "by_staff_only"),
        ({"standings": [Standing.RECOGNISED]}, START, "not_recognised"),
        ({"standings": [Standing.REGISTERED_HERE]}, START, "wrong_standing"),
        ({"standings": [Standing.EMPLOYER]}, START, "employers_only"),
    ],
)
def test_the_rules_of_the_service_hold(now: datetime, rules: dict[str, Any], start: datetime, code: str) -> None:
    service = link_service(**rules)
    assert code_of(lambda: request(service, starts_at=start)) == code
    assert not OutgoingMail.objects.exists()


@pytest.mark.requirement("S-31")
def test_a_declared_standing_counts(now: datetime) -> None:
    service = link_service(standings=[Standing.REGISTERED_HERE])
    details = ReservationDetails(**{**DETAILS.as_columns(), "standing": Standing.REGISTERED_HERE})
    assert request(service, details=details).standing == Standing.REGISTERED_HERE


def test_the_sweeper_ends_a_request_quietly(service: Service) -> None:
    asked = request(service)
    assert lapse(asked.pk, now=jst(6, 1, 11, 0, 1))
    assert set(OutgoingMail.objects.values_list("kind", flat=True)) == {"confirm_address"}
    assert Reservation.objects.get().status == ReservationStatus.LAPSED


def test_who_agreed_is_the_guest_and_the_first_record_stays(service: Service) -> None:
    first = request(service)
    request(service, starts_at=LATER, agree=agree_to_all, instead_of=first)
    assert set(Consent.objects.values_list("subject", flat=True)) == {Guest.objects.get().subject}
    assert Consent.objects.count() == 3
