"""The page of a request tells its mails once more (H-03)."""

import pytest
from django.test import Client

from booking.flows.arrange import refuse_request
from mailing.models import MailState, OutgoingMail
from mailing.sending import send
from tests.arranged.test_seeker_pages import browser, seeker
from tests.factories import NOW, UserFactory

__all__ = ["browser", "seeker"]
pytestmark = [pytest.mark.django_db, pytest.mark.requirement("H-03")]


def test_the_mails_of_a_request_are_read_on_its_page(browser: Client, ask, smtp_server, now):
    asked = ask()
    smtp_server.refuse_recipients["seeker@mail.example"] = "550 5.1.1 unknown"
    refuse_request(asked, by=UserFactory.create(), reason="窓口での手続きが必要なためです。", now=NOW)
    for mail in OutgoingMail.objects.about(str(asked.uuid)).order_by("pk"):
        send(mail.pk, now=NOW)
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {MailState.FAILED}
    page = browser.get(asked.get_absolute_url())
    received, refused = page.context["mails"]
    assert (received.state, refused.state) == ("届きませんでした", "届きませんでした")
    assert "窓口での手続きが必要なためです。" in refused.text
    assert "送り先は seeker@mail.example です。" in page.content.decode()
