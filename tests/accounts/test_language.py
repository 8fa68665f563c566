"""Every mail is in the language of its reader: of the account, else of the page."""

from datetime import date, timedelta

import pytest
from allauth.account.adapter import get_adapter
from django.conf import LazySettings
from django.db import transaction
from django.test import Client
from django.utils import translation

from accounts.mails import queue_notice
from accounts.models import User
from accounts.usage import unused_accounts
from mailing.models import OutgoingMail
from tests.accounts.conftest import url_in
from tests.factories import SeekerFactory

pytestmark = pytest.mark.django_db
ADDRESS = "linh@mail.example"
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


@pytest.fixture(autouse=True)
def english_pages(settings: LazySettings) -> None:
    settings.LANGUAGES = [("ja", "日本語"), ("en", "English")]


def newest_to(address: str) -> OutgoingMail:
    return OutgoingMail.objects.filter(to=address).latest("pk")


def test_an_account_has_the_language_of_the_page_of_its_registration(client: Client, office, portal_terms) -> None:
    client.post("/accounts/register/", {"email": ADDRESS}, **ENGLISH)
    mail = newest_to(ADDRESS)
    assert mail.language == "en"
    client.post(url_in(mail, "/register/link/"), **ENGLISH)
    answers = {
        "password": "長いあいことば 2026",
        "name": "Linh",
        "kana": "りん",
        "postal_code": "100-8916",
        "address": "東京都千代田区霞が関1-2-2",
        "phone": "060-1234-5678",
        "home_office": office.pk,
        f"version-{portal_terms.pk}": "on",
    }
    client.post("/accounts/register/details/", answers, **ENGLISH)
    assert User.objects.get(email=ADDRESS).language == "en"


def test_the_mails_of_an_account_are_in_its_language_whoever_asks_for_them() -> None:
    SeekerFactory.create(email=ADDRESS, language="en")
    with translation.override("ja"):
        get_adapter().send_account_already_exists_mail(ADDRESS)
    assert newest_to(ADDRESS).language == "en"


def test_an_account_of_before_is_written_to_in_japanese() -> None:
    SeekerFactory.create(email=ADDRESS)
    with translation.override("en"):
        get_adapter().send_account_already_exists_mail(ADDRESS)
    assert newest_to(ADDRESS).language == "ja"


def test_the_notice_to_an_unused_account_is_in_its_language(freeze) -> None:
    now = freeze("2026-06-01 10:00")
    long_ago = now - timedelta(days=400)
    SeekerFactory.create(email=ADDRESS, language="en", date_joined=long_ago)
    (person,) = unused_accounts(now)
    with transaction.atomic():
        queue_notice(person, days=7, erased_on=date(2026, 6, 8), now=now)
    assert newest_to(ADDRESS).language == "en"
