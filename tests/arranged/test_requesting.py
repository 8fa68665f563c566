"""A person asks the office to arrange a time (H-25): what is taken, and what is refused with which rule."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from accounts.models import EmployerProfile, User
from booking.enums import BookingWay, Ground, MailKind, RequestState, Standing
from booking.errors import BookingError
from booking.flows.arrange import withdraw_request
from booking.models import Restriction, SessionRequest
from mailing.models import OutgoingMail
from tests.arranged.conftest import DETAILS, TEN
from tests.factories import (
    NOW,
    EmployerFactory,
    SeekerFactory,
    TermsVersionFactory,
    UserFactory,
    bookable_service,
    jst,
)

ELEVEN_DAYS = timedelta(days=11)


def refused(ask, *starts, **more) -> str:
    with pytest.raises(BookingError) as caught:
        ask(*starts, **more)
    assert not SessionRequest.objects.exists()
    return caught.value.code


@pytest.mark.requirement("H-25")
def test_a_request_is_taken_with_its_wishes_and_details_and_answered_by_a_mail(ask, seeker):
    asked = ask(TEN, jst(6, 4, 14), jst(6, 5, 9))
    assert asked.state == RequestState.RECEIVED
    assert asked.wishes == [TEN, jst(6, 4, 14), jst(6, 5, 9)]
    assert (asked.name, asked.topic, asked.requested_at) == (DETAILS.name, DETAILS.topic, NOW)
    mail = OutgoingMail.objects.get()
    assert (mail.kind, mail.to) == (MailKind.REQUEST_RECEIVED, seeker.email)


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (jst(6, 1, 14), "booking_closed"),
        (jst(7, 2, 10), "not_open_yet"),
        (jst(6, 6, 10), "not_offered"),
        (jst(6, 3, 8, 30), "not_offered"),
        (jst(6, 3, 16, 45), "not_offered"),
        (jst(6, 3, 10, 10), "not_offered"),
    ],
    ids=["today", "not open yet", "Saturday", "before the hours", "ends after the hours", "between two starts"],
)
def test_each_wish_is_judged_by_the_rules(ask, start, code):
    assert refused(ask, TEN, start) == code


@pytest.mark.parametrize("start", [jst(6, 2, 9), jst(7, 1, 16, 30)], ids=["first start", "last start"])
def test_the_first_and_the_last_time_of_the_window_may_be_wished(ask, start):
    assert ask(start).wishes == [start]


def test_a_time_that_is_taken_may_be_wished(ask, service):
    service.counselors.update(is_active=False)
    assert ask(TEN).wishes == [TEN]


def test_the_same_wish_twice_is_refused(ask):
    assert refused(ask, TEN, TEN) == "same_wish"


def test_no_wish_and_a_fourth_wish_are_refused(ask, service, seeker):
    assert refused(ask, TEN, jst(6, 4, 9), jst(6, 4, 10), jst(6, 4, 11)) == "details_missing"


@pytest.mark.parametrize("way", [BookingWay.AT_ONCE, BookingWay.MAIL_LINK])
def test_a_service_booked_in_another_way_takes_no_request(ask, way):
    assert refused(ask, TEN, service=bookable_service(way=way)) == "other_way"


def test_one_open_request_per_service(ask, service, seeker):
    first = ask(TEN)
    with pytest.raises(BookingError) as caught:
        ask(jst(6, 4, 9))
    assert caught.value.code == "request_open"
    other = bookable_service(way=BookingWay.ARRANGED)
    assert ask(TEN, service=other).service == other
    withdraw_request(first, by=seeker, now=NOW)
    assert ask(TEN).state == RequestState.RECEIVED


def test_somebody_else_may_ask_for_the_same_time(ask):
    ask(TEN)
    assert ask(TEN, seeker=SeekerFactory()).wishes == [TEN]


def test_a_restricted_person_is_refused(ask, service, seeker):
    Restriction.objects.create(
        office=service.office,
        seeker=seeker,
        ground=Ground.HINDERING,
        reason="x",
        text="x",
        begins_on=date(2026, 5, 1),
        decided_by=UserFactory(),
        decided_at=NOW,
    )
    assert refused(ask, TEN) == "restricted"


@pytest.mark.requirement("H-06")
@pytest.mark.parametrize("standing", [Standing.ABOUT_TO_REGISTER, ""], ids=["not yet", "none of these"])
def test_both_registrations_are_needed_beforehand(ask, standing):
    service = bookable_service(way=BookingWay.ARRANGED, standings=[Standing.REGISTERED_ONLINE])
    assert refused(ask, TEN, service=service, details=replace(DETAILS, standing=standing)) == "wrong_standing"
    registered = replace(DETAILS, standing=Standing.REGISTERED_ONLINE)
    assert ask(TEN, service=service, details=registered).standing == Standing.REGISTERED_ONLINE


@pytest.mark.requirement("S-36")
def test_nobody_asks_without_having_agreed_to_the_terms(ask, service):
    TermsVersionFactory(document=service.terms)
    assert refused(ask, TEN) == "consent_missing"


@pytest.mark.requirement("S-36")
def test_a_service_for_employers_takes_requests_of_employers_only(ask):
    service = bookable_service(way=BookingWay.ARRANGED, standings=[Standing.EMPLOYER])
    assert refused(ask, TEN, service=service) == "employers_only"
    employer = EmployerFactory()
    asked = ask(TEN, service=service, seeker=employer)
    assert asked.seeker == employer


@pytest.mark.requirement("S-16")
def test_an_employer_asks_the_office_where_the_job_offers_are(ask):
    """As far as the account says where: nothing said, the office sees."""
    service = bookable_service(way=BookingWay.ARRANGED, standings=[Standing.EMPLOYER])
    elsewhere, here = EmployerFactory(), EmployerFactory()
    EmployerProfile.objects.filter(user=elsewhere).update(home_office=bookable_service().office)
    EmployerProfile.objects.filter(user=here).update(home_office=service.office)
    assert refused(ask, TEN, service=service, seeker=User.objects.get(pk=elsewhere.pk)) == "employer_of_other_office"
    assert ask(TEN, service=service, seeker=User.objects.get(pk=here.pk)).service == service


@pytest.mark.requirement("S-36")
def test_an_employer_is_no_job_seeker(ask):
    assert refused(ask, TEN, seeker=EmployerFactory()) == "not_for_employers"


def test_what_the_version_of_the_day_requires_is_required(ask):
    service = bookable_service(way=BookingWay.ARRANGED, topic="required", hours=[(2, time(9), time(12))])
    assert refused(ask, TEN, service=service, details=replace(DETAILS, topic="")) == "details_missing"
