import re
from collections.abc import Callable

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from accounts.models import User
from mailing.models import OutgoingMail
from terms.consent import give_consent
from tests.factories import (
    PASSWORD,
    OfficeFactory,
    SeekerFactory,
    TermsDocumentFactory,
    TermsVersionFactory,
    UserFactory,
)

WINDOWS_CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)


@pytest.fixture
def now(freeze):
    return freeze("2026-06-01 10:00")


@pytest.fixture
def seeker(db) -> User:
    return SeekerFactory.create()


@pytest.fixture
def seeker_who_agreed(seeker, portal_terms) -> User:
    give_consent(seeker, versions=[portal_terms], language="ja", request=None)
    return seeker


@pytest.fixture
def staff(db) -> User:
    return UserFactory.create(is_staff=True)


@pytest.fixture
def administrator(db) -> User:
    return UserFactory.create(is_staff=True, is_superuser=True)


@pytest.fixture
def office(db):
    return OfficeFactory.create()


@pytest.fixture
def portal_terms(db):
    document = TermsDocumentFactory.create(kind="portal", title="利用規約", slug="portal")
    return TermsVersionFactory.create(document=document)


def newest_mail(to: str) -> OutgoingMail:
    return OutgoingMail.objects.filter(to=to).latest("pk")


def url_in(mail: OutgoingMail, containing: str) -> str:
    """The path of the one link of the mail that contains this."""
    (url,) = [line for line in mail.body.splitlines() if line.startswith("http") and containing in line]
    return re.sub(r"^https?://[^/]+", "", url)


def sign_in(client: Client, user: User, password: str = PASSWORD, *, at: str = "/accounts/login/", **extra):
    return client.post(at, {"login": user.email, "password": password}, **extra)


def reauthenticate(client: Client) -> None:
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def activate_second_factor(user: User) -> Callable[[], str]:
    """Sets up a second factor; each call of the result gives a code that works once."""
    TOTP.activate(user, generate_totp_secret())
    codes = iter(RecoveryCodes.activate(user).get_unused_codes())
    return lambda: next(codes)


def sign_in_with_second_factor(client: Client, user: User):
    code = activate_second_factor(user)
    sign_in(client, user)
    return client.post("/accounts/2fa/authenticate/", {"code": code()})
