"""The whole way on real servers: a mail goes out, its report comes back, staff correct the address, it arrives."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from booking.enums import MailKind
from booking.mails.base import new_mail, queue
from booking.models import Reservation
from mailing.models import MailState, OutgoingMail
from mailing.periodic import read_bounces
from offices.models import Role
from tests.bounces.reported import raw
from tests.factories import ReservationFactory, SeekerFactory
from tests.mailing.arrived import text_of
from tests.staff.conftest import client_of, staff

__all__ = ["client_of"]
WRONG, RIGHT = "ichiro@wrong.example", "ichiro@right.example"


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert is_so()


def is_in(state: MailState) -> Callable[[], bool]:
    return lambda: OutgoingMail.objects.get().state == state


@pytest.mark.requirement("S-25")
@pytest.mark.django_db(transaction=True)
def test_a_mail_that_came_back_reaches_the_person_in_the_end(
    celery_worker_process, smtp_server, imap_server, client_of
):
    celery_worker_process(BOUNCE_MAILBOX_URL=imap_server.url, SSL_CERT_FILE=str(imap_server.authority))
    now = timezone.now()
    reservation: Reservation = ReservationFactory(seeker=SeekerFactory(email=WRONG), starts_at=now + timedelta(days=2))
    with transaction.atomic():
        queue([new_mail(MailKind.LINK_FOLLOWS, reservation, due_at=now)], now=now)
    wait_for(is_in(MailState.SENT))
    [sent] = smtp_server.to(WRONG)

    imap_server.put(raw("postfix_unknown_user", message_id=sent["Message-ID"], address=WRONG))
    read_bounces.delay()
    wait_for(is_in(MailState.BOUNCED))
    browser: Client = client_of(staff(reservation.office, Role.RECEPTION, name="受付"))
    assert reservation.name in browser.get(reverse("admin:undelivered")).content.decode()

    browser.post(reverse("admin:undelivered_address", args=[reservation.uuid]), {"email": RIGHT})
    wait_for(is_in(MailState.SENT))
    [arrived] = smtp_server.to(RIGHT)
    assert reservation.display_number in text_of(arrived)
    assert arrived["Message-ID"] != sent["Message-ID"]
    assert reservation.name not in browser.get(reverse("admin:undelivered")).content.decode()
    reservation.seeker.refresh_from_db()
    assert reservation.seeker.email == WRONG
