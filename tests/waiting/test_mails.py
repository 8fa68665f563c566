"""What the mails of the waiting list say. The snapshots are the texts as people read them."""

import unicodedata
from typing import Any

import pytest

from booking.enums import MailKind
from booking.flows.cancel import cancel_by_seeker
from booking.flows.offering import offer_free_places
from booking.models import Reservation, Service
from booking.periodic import serve_waiting_lines
from mailing.models import OutgoingMail
from mailing.sending import send
from offices.models import Office
from tests.factories import NOW, SeekerFactory, jst
from tests.mailing.arrived import only, text_of
from tests.waiting.conftest import TUESDAY, Join

pytestmark = pytest.mark.usefixtures("now")


@pytest.fixture
def mails(join: Join, service: Service, taken: Reservation, smtp_server, settings: Any, freeze) -> dict[str, str]:
    """Somebody is offered Tuesday 10:00; another waits for Tuesday in vain."""
    settings.PORTAL_URL = "https://yoyaku.hellowork-sample.example"
    Office.objects.filter(pk=service.office_id).update(name="ハローワーク見本中央")
    Service.objects.filter(pk=service.pk).update(name="オンライン職業相談（30分）")
    service.refresh_from_db()
    first = join(SeekerFactory.create(name="髙𠮷 﨑子"))
    second = join(SeekerFactory.create(name="髙𠮷 﨑子"), last_day=TUESDAY)
    cancel_by_seeker(taken, by=taken.seeker, now=NOW)
    offer_free_places(service, now=NOW)
    texts = {MailKind.OFFER: sent(MailKind.OFFER, smtp_server)}
    freeze(jst(6, 2))
    serve_waiting_lines()
    texts[MailKind.WAITING_ENDED] = sent(MailKind.WAITING_ENDED, smtp_server)
    keys = {MailKind.OFFER: first.pk, MailKind.WAITING_ENDED: second.pk}
    return {kind: text.replace(f"/waiting/{keys[kind]}/", "/waiting/1/") for kind, text in texts.items()}


def sent(kind: str, smtp_server: Any) -> str:
    smtp_server.messages.clear()
    mail = OutgoingMail.objects.get(kind=kind)
    send(mail.pk, now=mail.due_at)
    message = only(smtp_server)
    return f"Subject: {message['Subject']}\n\n{text_of(message)}"


def test_the_mails_say_this(mails: dict[str, str], snapshot: Any) -> None:
    assert mails == snapshot


def test_they_tell_the_offices_phone_and_hours(mails: dict[str, str]) -> None:
    for text in mails.values():
        assert "0000-00-0000" in text
        assert "月曜から金曜 8:30〜17:15（祝日を除く）" in text


def test_no_line_is_longer_than_35_full_width_characters(mails: dict[str, str]) -> None:
    def columns(line: str) -> int:
        return sum(1 + (unicodedata.east_asian_width(character) in "WFA") for character in line)

    lines = [line for text in mails.values() for line in text.splitlines()[1:] if "://" not in line]
    assert not [line for line in lines if columns(line) > 70]


def test_no_mail_carries_who_the_person_is(mails: dict[str, str]) -> None:
    for text in mails.values():
        assert "13010-00123456" not in text
        assert "090-1234-5678" not in text
