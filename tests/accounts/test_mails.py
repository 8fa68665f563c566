"""Every mail of accounts follows domain-and-standards B.7."""

from pathlib import Path
from unicodedata import east_asian_width

import pytest
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.utils import timezone

from tests.accounts.conftest import WINDOWS_CHROME, newest_mail

pytestmark = pytest.mark.django_db
TEMPLATES = Path(settings.BASE_DIR) / "templates"
MAILS = sorted(
    str(path.relative_to(TEMPLATES)).removesuffix("_message.txt")
    for app in ("account", "accounts", "mfa")
    for path in (TEMPLATES / app / "email").glob("*_message.txt")
    if path.name != "base_message.txt"
)
URL = "https://portal.example/accounts/somewhere/"
CONTEXT = {
    "registration_url": URL,
    "activate_url": URL,
    "password_reset_url": URL,
    "login_url": URL,
    "from_email": "old@mail.example",
    "to_email": "new@mail.example",
    "deleted_email": "old@mail.example",
    "user_agent": WINDOWS_CHROME,
}


@pytest.fixture(params=MAILS)
def mail(request, now):
    context = {**CONTEXT, "timestamp": now, "expires_at": timezone.now()}
    get_adapter().send_mail(request.param, "hanako@mail.example", context)
    return newest_mail("hanako@mail.example")


def test_there_are_mails():
    assert len(MAILS) > 15


def test_the_subject_begins_with_the_name_of_the_institution(mail):
    assert mail.subject.startswith("【ハローワーク】")
    assert "\n" not in mail.subject


def test_it_says_that_nobody_asks_for_a_password_by_mail(mail):
    assert "このメールでパスワードをおたずねすることはありません。" in mail.body.splitlines()


def test_lines_are_short_and_a_url_stands_alone(mail):
    for line in mail.body.splitlines():
        assert sum(2 if east_asian_width(character) in "WF" else 1 for character in line) <= 70
        assert "http" not in line or line.startswith("http")


def test_nothing_is_left_of_html_or_of_an_unknown_variable(mail):
    assert not {"&quot;", "&#", "<", "{{"} & set(mail.body.split())
    assert "None" not in mail.body
