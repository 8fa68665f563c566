"""The page of a waiting entry tells its mails once more: each offer, and the end (H-03)."""

import pytest

from booking.flows.cancel import cancel_by_office
from booking.flows.offering import offer_free_places
from mailing.models import OutgoingMail
from mailing.sending import send
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("H-03")]


def test_an_offer_is_read_on_the_page_of_the_entry(join, taken, service, browser_of, smtp_server, now):
    entry = join()
    cancel_by_office(taken, by=None, reason="急な不在", now=NOW)
    offer_free_places(service, now=NOW)
    send(OutgoingMail.objects.get(kind="offer").pk, now=NOW)
    page = browser_of(entry.seeker).get(entry.get_absolute_url())
    (message,) = page.context["mails"]
    assert message.subject.startswith("【ハローワーク】空きのご案内")
    assert "空き待ちの順番が来ました。" in message.text
