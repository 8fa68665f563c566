"""The list of mails on small screens, without scripts, and judged by axe."""

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from booking.enums import MailKind, MeetingState
from booking.guest_access import passcode_of
from booking.mails.reservations import queue_new_link, queue_reservation_mails
from booking.models import Guest, OnlineMeeting, Reservation
from mailing.models import OutgoingMail
from mailing.sending import send
from terms.consent import portal_documents
from terms.models import TermsKind
from tests.factories import (
    ReservationFactory,
    SeekerFactory,
    TermsDocumentFactory,
    TermsVersionFactory,
    bookable_service,
)
from tests.seeker.conftest import agree

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("H-03")]
TOMORROW = timedelta(days=1)


@pytest.fixture
def service(transactional_db):
    service = bookable_service(counselors=1)
    portal = TermsDocumentFactory.create(kind=TermsKind.PORTAL)
    for document in (service.terms, service.software_terms, portal):
        TermsVersionFactory.create(document=document)
    return service


def booked(service: Any, **person: Any) -> Reservation:
    """Tomorrow, with an open meeting: the confirmation was refused, the new link arrived, the reminders are to come."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    reservation = ReservationFactory.create(
        service=service, counselor=service.counselors.get(), name="見本 花子", starts_at=now + TOMORROW, **person
    )
    OnlineMeeting.objects.create(
        reservation=reservation,
        software="zoom",
        state=MeetingState.OPEN,
        host="host@zoom.example",
        starts_at=reservation.starts_at,
        ends_at=reservation.ends_at,
        meeting_id="98765432109",
        join_url="https://zoom.us/j/98765432109",
        passcode="135790",
        requested_at=now,
        next_attempt_at=now,
    )
    agree(
        reservation.person if reservation.seeker else reservation.guest.subject, [service.terms, service.software_terms]
    )
    with transaction.atomic():
        queue_reservation_mails(reservation, now=now)
        queue_new_link(reservation, now=now)
    return reservation


def deliver(smtp_server: Any, reservation: Reservation) -> None:
    now = timezone.now() + timedelta(minutes=1)
    smtp_server.refuse_recipients[reservation.email] = "550 5.1.1 unknown"
    send(OutgoingMail.objects.get(kind=MailKind.CONFIRMED).pk, now=now)
    smtp_server.refuse_recipients.clear()
    send(OutgoingMail.objects.get(kind=MailKind.NEW_LINK).pk, now=now)


def judge(page: Page) -> None:
    is_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(is_wide)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("width", [360, 1280])
def test_who_got_no_mail_is_told_on_my_page_and_reads_it_there(
    browser_context, live_server, client, service, smtp_server, width
):
    seeker = SeekerFactory.create()
    agree(seeker, portal_documents())
    reservation = booked(service, seeker=seeker)
    deliver(smtp_server, reservation)
    client.force_login(seeker)
    page = browser_context(viewport={"width": width, "height": 740}).new_page()
    page.context.add_cookies([{"name": "session", "value": client.cookies["session"].value, "url": live_server.url}])
    page.goto(live_server.url + reverse("booking:my_page"))
    judge(page)
    page.get_by_role("link", name="内容をここで読む").click()
    refused = page.get_by_role("listitem").filter(has_text="予約が確定しました")
    expect(refused).to_contain_text("届きませんでした")
    expect(refused).to_contain_text(seeker.email)
    refused.get_by_text("本文を読む").click()
    expect(refused.get_by_text("ミーティングID: 987 6543 2109")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="1時間前のお知らせ")).to_contain_text("これから送ります")
    judge(page)


def test_a_guest_reads_the_mails_without_scripts(page_without_javascript, live_server, service, smtp_server):
    reservation = booked(service, seeker=None, guest=Guest.objects.create(email="hanako@mail.example"))
    deliver(smtp_server, reservation)
    page = page_without_javascript
    page.goto(live_server.url + reverse("booking:look_up"))
    page.get_by_label("予約番号").fill(reservation.display_number)
    page.get_by_label("パスワード").fill(passcode_of(reservation))
    page.get_by_role("button").last.click()
    refused = page.get_by_role("listitem").filter(has_text="予約が確定しました")
    refused.get_by_text("本文を読む").click()
    expect(refused.get_by_text("ミーティングID: 987 6543 2109")).to_be_visible()
    expect(page.get_by_text(passcode_of(reservation))).to_have_count(0)
    refused.get_by_role("link", name="予約のパスワードを見る").click()
    expect(page.get_by_text(passcode_of(reservation))).to_be_visible()
