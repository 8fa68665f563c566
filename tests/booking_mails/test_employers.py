"""Date, time and URL go to the mail address that the employer registered and confirmed."""

from datetime import timedelta

import pytest

from accounts.models import User
from booking.enums import MailKind
from booking.models import Reservation
from tests.factories import NOW, EmployerFactory
from tests.mailing.arrived import only, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S-38")]
ADDRESS = "saiyo@company.example"
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def employer(db) -> User:
    return EmployerFactory.create(email=ADDRESS)


@pytest.fixture
def reservation(reservation, employer) -> Reservation:
    reservation.seeker = employer
    reservation.save(update_fields=["seeker"])
    return reservation


def test_an_employer_is_told_date_time_and_url_at_the_registered_address(book, open_meeting, send_kind, smtp_server):
    book()
    open_meeting()
    send_kind(MailKind.CONFIRMED, now=LATER)
    message = only(smtp_server)
    assert message["To"] == ADDRESS
    text = text_of(message)
    for fact in ("2026年6月2日", "10:00", "https://yoyaku.hellowork-sample.example/reservations/ABCD2345/"):
        assert fact in text


def test_who_registers_another_address_is_told_there(book, open_meeting, send_kind, smtp_server, employer):
    employer.email = "jinji@company.example"
    employer.save(update_fields=["email"])
    book()
    open_meeting()
    send_kind(MailKind.CONFIRMED, now=LATER)
    assert only(smtp_server)["To"] == "jinji@company.example"
