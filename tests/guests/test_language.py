"""A guest is written to in the language that was on the page at the booking; a stranger cannot change it."""

import pytest
from django.db import transaction
from django.utils import translation

from booking.flows.mail_link import confirm_by_link
from booking.mails.link import queue_refusal
from booking.models import Guest
from booking.refusals import refusal
from mailing.models import OutgoingMail
from tests.factories import NOW, jst
from tests.guests.conftest import MAIL, request

pytestmark = pytest.mark.django_db


def languages() -> set[str]:
    return set(OutgoingMail.objects.filter(to=MAIL).values_list("language", flat=True))


def test_the_first_booking_tells_the_language_of_all_its_mails(service):
    with translation.override("en"):
        asked = request(service)
        confirm_by_link(asked, now=NOW)
    assert Guest.objects.get(email=MAIL).language == "en"
    assert languages() == {"en"}


def test_who_only_types_the_address_changes_no_language(service):
    Guest.objects.create(email=MAIL, language="vi")
    with translation.override("en"):
        request(service)
    assert Guest.objects.get(email=MAIL).language == "vi"
    assert languages() == {"vi"}


def test_who_uses_the_mailed_link_does(service):
    Guest.objects.create(email=MAIL, language="vi")
    asked = request(service)
    with translation.override("en"):
        confirm_by_link(asked, now=NOW)
    assert Guest.objects.get(email=MAIL).language == "en"
    assert "en" in languages()


def test_a_refusal_is_told_in_the_language_of_the_page(service):
    with translation.override("en"), transaction.atomic():
        queue_refusal(MAIL, refused=refusal("link_expired"), service=service, starts_at=jst(6, 2, 10), now=NOW)
    assert languages() == {"en"}
