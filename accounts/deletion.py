"""Self-deletion (J-13). Apps above register what they know about and what they erase; accounts knows none of them.

    @before_deletion
    def coming_reservations(user, *, now) -> Iterable[Notice]: ...   # sentences for the page; a blocking one refuses

    @on_deletion
    def erase_reservations(user, *, now) -> None: ...   # runs in the deletion's transaction, the user's row is locked

Register in a module that the app's `apps.py` imports in `ready()`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import uuid4

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest

from accounts.models import ProvisionalRegistration, SeekerProfile, User
from accounts.sessions import end_sessions
from audit.record import record


@dataclass(frozen=True)
class Notice:
    """A sentence on the page that asks "really?"."""

    text: str
    blocks: bool = False


class Check(Protocol):
    def __call__(self, user: User, /, *, now: datetime) -> Iterable[Notice]: ...


class Eraser(Protocol):
    def __call__(self, user: User, /, *, now: datetime) -> None: ...


C = TypeVar("C", bound=Callable[..., object])
_checks: list[Check] = []
_erasers: list[Eraser] = []


class DeletionRefused(Exception):
    def __init__(self, notices: list[Notice]) -> None:
        super().__init__(" ".join(notice.text for notice in notices))
        self.notices = notices


def before_deletion(check: C) -> C:
    if check not in _checks:
        _checks.append(check)  # type: ignore[arg-type]
    return check


def on_deletion(eraser: C) -> C:
    if eraser not in _erasers:
        _erasers.append(eraser)  # type: ignore[arg-type]
    return eraser


def notices_for(user: User, *, now: datetime) -> list[Notice]:
    return [notice for check in _checks for notice in check(user, now=now)]


@transaction.atomic
def delete_account(user: User, *, now: datetime, request: HttpRequest) -> None:
    """Erase the person; the empty row stays, because consents and audit records point to it.

    Raises DeletionRefused when an app above says so. An eraser that fails undoes everything.
    """
    person = User.objects.lock().get(pk=user.pk)
    blocking = [notice for notice in notices_for(person, now=now) if notice.blocks]
    if blocking:
        raise DeletionRefused(blocking)
    address = person.email
    for erase in _erasers:
        erase(person, now=now)
    _erase_person(person, now=now)
    record("account.deleted", actor=person, subject=str(person.pk), request=request)
    get_adapter().send_mail("accounts/email/account_deleted", address, {})


def _erase_person(person: User, *, now: datetime) -> None:
    end_sessions(person)
    ProvisionalRegistration.objects.filter(email__iexact=person.email).delete()
    EmailAddress.objects.filter(user=person).delete()
    Authenticator.objects.filter(user=person).delete()
    SeekerProfile.objects.filter(user=person).delete()
    person.email = f"deleted-{uuid4()}@invalid.example"
    person.name = person.kana = ""
    person.set_unusable_password()
    person.last_login = None
    person.is_active = False
    person.deleted_at = now
    person.save()
