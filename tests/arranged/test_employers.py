"""Employers book what is for them, at once too: with the company's name instead of a job seeker's number (S-16, S-36)."""

import pytest
from django.test import Client

from booking.enums import Standing
from booking.models import Reservation
from mailing.models import OutgoingMail
from tests.factories import EmployerFactory, TermsVersionFactory, bookable_service, jst
from tests.seeker.conftest import Way

TEN = jst(6, 2, 10)


@pytest.fixture
def service(now):
    service = bookable_service(standings=[Standing.EMPLOYER], seeker_number="required")
    TermsVersionFactory(document=service.terms)
    return service


@pytest.fixture
def employer(db):
    return EmployerFactory(email="jinji@mail.example")


@pytest.fixture
def way(client: Client, service, employer) -> Way:
    client.force_login(employer)
    return Way(client, service)


@pytest.mark.requirement("S-36")
@pytest.mark.requirement("S-38")
def test_an_employer_books_at_once_without_a_seeker_number_and_is_written_to(way, employer):
    held = way.hold(TEN)
    assert "求職番号" not in way.client.get(way.url("details", held.number)).content.decode()
    way.type(held)
    assert "見本商事" in way.client.get(way.url("check", held.number)).content.decode()
    way.confirm(held)
    reservation = Reservation.objects.get()
    assert (reservation.seeker, reservation.seeker_number) == (employer, "")
    assert set(OutgoingMail.objects.values_list("to", flat=True)) == {"jinji@mail.example"}


@pytest.mark.requirement("S-36")
def test_an_employer_who_did_not_agree_books_nothing(way):
    held = way.hold(TEN)
    way.type(held)
    way.confirm(held, agree_to_all=False)
    assert Reservation.objects.get().status == "held"


def test_an_employer_is_not_told_what_job_seekers_write(way):
    told = way.client.get(way.url("details", way.hold(TEN).number)).content.decode()
    assert "求人票の書き方" in told
    assert "応募書類" not in told.split('name="topic"')[0].rsplit("相談内容", 1)[1]
