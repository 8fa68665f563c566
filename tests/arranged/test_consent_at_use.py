"""Who has not agreed to the newest terms does not enter the session (S-37, X-02): asked at every use, of everybody."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from booking.enums import MeetingState, ReservationStatus
from booking.errors import BookingError
from booking.flows.check_in import check_in
from booking.models import OnlineMeeting
from tests.factories import (
    NOW,
    EmployerFactory,
    ReservationFactory,
    SeekerFactory,
    TermsVersionFactory,
    UserFactory,
    bookable_service,
    jst,
)
from tests.seeker.conftest import agree

START = jst(6, 2, 10)
JOIN_URL = "https://zoom.us/j/98765432109?pwd=abc"


@pytest.fixture
def at_the_door(freeze, db):
    return freeze(START - timedelta(minutes=5))


@pytest.fixture(params=[SeekerFactory, EmployerFactory], ids=["job seeker", "employer"])
def reservation(request, at_the_door):
    """Of somebody who agreed to the first version; a meeting is open."""
    service = bookable_service()
    person = request.param()
    for document in (service.terms, service.software_terms):
        TermsVersionFactory(document=document)
    agree(person, [service.terms, service.software_terms])
    reservation = ReservationFactory(
        service=service, seeker=person, counselor=service.counselors.get(), starts_at=START, name="x"
    )
    OnlineMeeting.objects.create(
        reservation=reservation,
        software="zoom",
        state=MeetingState.OPEN,
        host="host@zoom.example",
        starts_at=START,
        ends_at=reservation.ends_at,
        meeting_id="98765432109",
        join_url=JOIN_URL,
        passcode="135790",
        requested_at=NOW,
        next_attempt_at=NOW,
    )
    return reservation


@pytest.fixture
def new_version(reservation):
    return TermsVersionFactory(
        document=reservation.service.terms, number=2, in_force_on=date(2026, 6, 2), made_on=date(2026, 5, 1)
    )


@pytest.fixture
def browser(client, reservation):
    client.force_login(reservation.seeker)
    return client


def url(name, reservation) -> str:
    return reverse(f"booking:{name}", args=[reservation.number])


def join(browser, reservation):
    return browser.post(url("join", reservation))


@pytest.mark.requirement("S-37")
def test_who_agreed_to_the_newest_terms_enters(browser, reservation):
    assert join(browser, reservation).url == JOIN_URL


@pytest.mark.requirement("S-37")
def test_new_terms_are_shown_before_the_session_opens(browser, reservation, new_version):
    answer = join(browser, reservation)
    assert answer.url == url("consent_again", reservation)
    page = browser.get(answer.url).content.decode()
    assert "第2版" in page
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CONFIRMED


@pytest.mark.requirement("S-37")
def test_only_who_agrees_goes_on(browser, reservation, new_version):
    terms = url("consent_again", reservation)
    browser.post(terms)
    assert join(browser, reservation).url == terms
    assert browser.post(terms, {f"version-{new_version.pk}": "on"}).url == reservation.get_absolute_url()
    assert join(browser, reservation).url == JOIN_URL


@pytest.mark.requirement("S-37")
def test_the_number_of_the_meeting_is_not_shown_before(browser, reservation, new_version):
    page = browser.get(reservation.get_absolute_url()).content.decode()
    assert "135790" not in page
    assert url("consent_again", reservation) in page
    agree(reservation.seeker, [reservation.service.terms])
    assert "135790" in browser.get(reservation.get_absolute_url()).content.decode()


def test_terms_that_come_into_force_tomorrow_ask_nobody_today(browser, reservation):
    TermsVersionFactory(
        document=reservation.service.terms, number=2, in_force_on=date(2026, 6, 3), made_on=date(2026, 5, 1)
    )
    assert join(browser, reservation).url == JOIN_URL


@pytest.mark.requirement("S-37")
def test_the_flow_refuses_too(reservation, new_version, at_the_door):
    with pytest.raises(BookingError) as caught:
        check_in(reservation, by=reservation.seeker, now=at_the_door)
    assert caught.value.code == "consent_missing"


def test_entering_again_asks_again(reservation, at_the_door, freeze):
    check_in(reservation, by=reservation.seeker, now=at_the_door)
    TermsVersionFactory(
        document=reservation.service.terms, number=2, in_force_on=date(2026, 6, 2), made_on=date(2026, 5, 1)
    )
    with pytest.raises(BookingError):
        check_in(reservation, by=reservation.seeker, now=at_the_door)


def test_staff_who_see_the_person_are_not_held_up(reservation, new_version, at_the_door):
    staff = UserFactory(is_staff=True)
    assert check_in(reservation, by=staff, now=at_the_door).status == ReservationStatus.CHECKED_IN
