"""仮登録 and 本登録 (J-09…J-11): an address gets a link; behind it the person completes the registration."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import get_language

from accounts.adapter import portal_url
from accounts.flows.profile import ProfileDetails
from accounts.models import AccountKind, ProvisionalRegistration, User
from audit.record import record
from terms.consent import give_consent
from terms.models import TermsVersion
from terms.next_path import local_path

TIME_FOR_DETAILS = timedelta(hours=2)


class RegistrationLinkUnusable(Exception):
    """The link is expired, used or unknown: the person asks for a new one."""


def request_registration(
    email: str, *, now: datetime, next_path: str = "", kind: AccountKind = AccountKind.SEEKER
) -> None:
    """Mail a link, or to a known address the way to sign in. The caller cannot tell which (ASVS 6.3.8)."""
    email = email.lower()
    adapter = get_adapter()
    if is_known(email):
        adapter.send_account_already_exists_mail(email)
        return
    token = secrets.token_urlsafe(32)
    lifetime = settings.PROVISIONAL_REGISTRATION_LIFETIME
    with transaction.atomic():
        registration = ProvisionalRegistration.objects.create(
            email=email,
            kind=kind,
            token_hash=hash_of(token),
            expires_at=now + lifetime,
            next_path=local_path(next_path),
        )
        context = {
            "registration_url": portal_url("accounts:register_link", token=token),
            "expires_at": registration.expires_at,
        }
        adapter.send_mail("accounts/email/registration_link", email, context)


def find_registration(token: str, *, now: datetime) -> ProvisionalRegistration:
    """The registration behind an unused link that is still valid."""
    found = ProvisionalRegistration.objects.filter(
        token_hash=hash_of(token), opened_at__isnull=True, expires_at__gt=now
    ).first()
    if found is None:
        raise RegistrationLinkUnusable
    return found


@transaction.atomic
def open_registration(token: str, *, now: datetime) -> ProvisionalRegistration:
    """The person pressed the button: the link is used up, and there is time left to fill in the form."""
    registration = ProvisionalRegistration.objects.select_for_update().get(pk=find_registration(token, now=now).pk)
    if registration.opened_at is not None:
        raise RegistrationLinkUnusable
    registration.opened_at = now
    registration.expires_at = max(registration.expires_at, now + TIME_FOR_DETAILS)
    registration.save(update_fields=["opened_at", "expires_at"])
    return registration


def opened_registration(pk: int, *, now: datetime) -> ProvisionalRegistration:
    """The registration that this session opened."""
    found = ProvisionalRegistration.objects.filter(pk=pk, opened_at__isnull=False, expires_at__gt=now).first()
    if found is None:
        raise RegistrationLinkUnusable
    return found


@transaction.atomic
def complete_registration(
    registration: ProvisionalRegistration,
    *,
    password: str,
    details: ProfileDetails,
    versions: Sequence[TermsVersion],
    request: HttpRequest,
    now: datetime,
) -> User:
    """User, confirmed address, profile and consent, all or nothing."""
    locked = _lock(registration, now=now)
    if locked is None or is_known(locked.email):
        raise RegistrationLinkUnusable
    language = get_language() or "ja"
    user = User.objects.create_user(locked.email, password, name=details.name, kana=details.kana, language=language)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    details.profile_model.objects.create(user=user, **details.profile_values)
    give_consent(user, versions=versions, language=language, request=request)
    ProvisionalRegistration.objects.filter(email=locked.email).delete()
    record("account.registered", actor=user, subject=str(user.pk), request=request)
    return user


def _lock(registration: ProvisionalRegistration, *, now: datetime) -> ProvisionalRegistration | None:
    """All links of this address, in one order: who completes two of them at once waits instead of failing."""
    links = ProvisionalRegistration.objects.filter(email=registration.email).order_by("pk").select_for_update()
    return next((link for link in links if link.pk == registration.pk and link.expires_at > now), None)


def is_known(email: str) -> bool:
    return (
        User.objects.filter(email__iexact=email).exists()
        or EmailAddress.objects.filter(email__iexact=email, verified=True).exists()
    )


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
