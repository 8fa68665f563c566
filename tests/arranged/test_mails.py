"""What the mails about a request say, and when they have nothing to say any more."""

from datetime import timedelta
from unicodedata import east_asian_width

import pytest

from booking.enums import BookingWay, MailKind
from booking.flows.arrange import propose, refuse_request, withdraw_request
from booking.flows.lapse import lapse
from booking.models import SessionRequest
from mailing.models import MailState, OutgoingMail
from mailing.sending import send
from tests.arranged.conftest import TEN
from tests.booking_mails.conftest import portal
from tests.booking_mails.test_texts import told
from tests.factories import NOW, OfficeFactory, SeekerFactory, UserFactory, bookable_service, jst

__all__ = ["portal"]
OTHER = jst(6, 8, 15)


@pytest.fixture
def service(now):
    office = OfficeFactory(name="ハローワーク見本中央", phone="0000-00-0000")
    return bookable_service(counselors=2, office=office, name="オンライン職業相談", way=BookingWay.ARRANGED)


@pytest.fixture
def seeker(db):
    return SeekerFactory(email="seeker@mail.example")


@pytest.fixture
def asked(ask) -> SessionRequest:
    asked = ask(TEN, jst(6, 4, 14), jst(6, 5, 9))
    SessionRequest.objects.update(number="ABCD2345")
    asked.refresh_from_db()
    return asked


@pytest.fixture
def proposed(asked, counselor) -> SessionRequest:
    propose(asked, starts_at=OTHER, counselor=counselor, by=UserFactory(is_staff=True), now=NOW)
    asked.refresh_from_db()
    return asked


def sent(kind: str, *, now=NOW) -> OutgoingMail:
    """The mail of that kind, after its turn came: what was written before it has gone out."""
    mail = OutgoingMail.objects.get(kind=kind)
    OutgoingMail.objects.due(now).filter(pk__lt=mail.pk).update(state=MailState.SENT)
    send(mail.pk, now=now)
    mail.refresh_from_db()
    return mail


@pytest.mark.requirement("H-25")
@pytest.mark.requirement("S-38")
def test_the_mails_say_this(ask, proposed, counselor, smtp_server, snapshot):
    sent(MailKind.REQUEST_RECEIVED)
    sent(MailKind.PROPOSAL)
    end = NOW + timedelta(days=3)
    lapse(proposed.reservation.pk, now=end)
    sent(MailKind.LAPSED, now=end)
    OutgoingMail.objects.all().delete()
    again = ask(TEN)
    refuse_request(again, by=UserFactory(is_staff=True), reason="窓口での相談が適しているため", now=NOW)
    SessionRequest.objects.filter(pk=again.pk).update(number="BCDE3456")
    sent(MailKind.REQUEST_REFUSED)
    assert [told(message) for message in smtp_server.messages] == snapshot


def test_no_line_is_longer_than_35_full_width_characters(proposed, smtp_server):
    sent(MailKind.REQUEST_RECEIVED)
    sent(MailKind.PROPOSAL)
    lines = [line for message in smtp_server.messages for line in told(message).splitlines()[1:] if "://" not in line]
    assert not [line for line in lines if sum(1 + (east_asian_width(c) in "WFA") for c in line) > 70]


def test_no_mail_carries_the_topic_or_the_phone(proposed, smtp_server):
    sent(MailKind.REQUEST_RECEIVED)
    sent(MailKind.PROPOSAL)
    text = "".join(told(message) for message in smtp_server.messages)
    assert proposed.topic not in text
    assert proposed.phone not in text


def test_a_replaced_proposal_is_not_sent(proposed, counselor, smtp_server):
    OutgoingMail.objects.filter(kind=MailKind.REQUEST_RECEIVED).update(state=MailState.SENT)
    first = OutgoingMail.objects.get(kind=MailKind.PROPOSAL)
    propose(proposed, starts_at=TEN, counselor=counselor, by=UserFactory(is_staff=True), now=NOW)
    send(first.pk, now=NOW)
    first.refresh_from_db()
    assert (first.state, len(smtp_server.messages)) == (MailState.SUPERSEDED, 0)


def test_a_proposal_is_not_sent_after_its_end(proposed, smtp_server):
    assert sent(MailKind.PROPOSAL, now=proposed.reservation.hold_expires_at).state == MailState.SUPERSEDED


def test_a_proposal_of_a_withdrawn_request_is_not_sent(proposed, smtp_server):
    withdraw_request(proposed, by=proposed.seeker, now=NOW)
    assert sent(MailKind.PROPOSAL).state == MailState.SUPERSEDED


@pytest.mark.requirement("H-16")
def test_the_refusal_tells_the_reason_and_the_phone(asked, smtp_server):
    refuse_request(asked, by=UserFactory(is_staff=True), reason="窓口での相談が適しているため", now=NOW)
    sent(MailKind.REQUEST_REFUSED)
    text = told(smtp_server.messages[0])
    assert "窓口での相談が適しているため" in text
    assert "0000-00-0000" in text
