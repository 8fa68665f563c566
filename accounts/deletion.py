"""Erasing an account: by its owner (J-13), after a year without use (J-17), ex officio (J-28).

Apps above register what they know about and what they erase; accounts knows none of them.

    @before_deletion
    def coming_reservations(user, *, now) -> Iterable[Notice]: ...   # sentences for the page; a blocking one refuses

    @on_deletion
    def erase_reservations(user, *, now) -> None: ...   # runs in the deletion's transaction, the user's row is locked

    @before_ex_officio
    def cancel_coming(user, *, by, message, now) -> None: ...   # what the office ends first, telling the person

Register in a module that the app's `apps.py` imports in `ready()`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar
from uuid import uuid4

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import EmployerProfile, ProvisionalRegistration, SeekerProfile, User
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


class Ending(Protocol):
    def __call__(self, user: User, /, *, by: User, message: str, now: datetime) -> None: ...


C = TypeVar("C", bound=Callable[..., object])
_checks: list[Check] = []
_erasers: list[Eraser] = []
_endings: list[Ending] = []


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


def before_ex_officio(ending: C) -> C:
    if ending not in _endings:
        _endings.append(ending)  # type: ignore[arg-type]
    return ending


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
    address = _erase(person, now=now)
    record("account.deleted", actor=person, subject=str(person.pk), request=request)
    get_adapter().send_mail("accounts/email/account_deleted", address, {})


@transaction.atomic
def erase_unused(person: User, *, used_on: date, now: datetime) -> None:
    """The caller has locked the row and seen that nobody used the account; see accounts.dormancy."""
    address = _erase(person, now=now)
    record("account.erased_unused", subject=str(person.pk), detail={"used_on": used_on.isoformat()})
    get_adapter().send_mail("accounts/email/account_erased_unused", address, {"used_on": used_on})


@transaction.atomic
def erase_ex_officio(user: User, *, by: User, reason: str, message: str, now: datetime, request: HttpRequest) -> None:
    """The national administrator erases, with a reason for the record and a message for the person.

    Raises DeletionRefused for staff, who are locked instead, and for who is erased already.
    """
    person = User.objects.lock().get(pk=user.pk)
    if not can_be_erased(person):
        raise DeletionRefused([Notice(_("このアカウントは抹消できません。"), blocks=True)])
    for end in _endings:
        end(person, by=by, message=message, now=now)
    address = _erase(person, now=now)
    detail = {"reason": reason}
    record("account.erased_ex_officio", actor=by, subject=str(person.pk), detail=detail, request=request)
    get_adapter().send_mail("accounts/email/account_erased_ex_officio", address, {"message": message})


def can_be_erased(person: User) -> bool:
    return not person.is_staff and not person.is_superuser and person.deleted_at is None


def _erase(person: User, *, now: datetime) -> str:
    """All that apps know of the person, then the person. Returns the address they had, to tell them."""
    address = person.email
    for erase in _erasers:
        erase(person, now=now)
    _erase_person(person, now=now)
    return address


def _erase_person(person: User, *, now: datetime) -> None:
    end_sessions(person)
    ProvisionalRegistration.objects.filter(email__iexact=person.email).delete()
    EmailAddress.objects.filter(user=person).delete()
    Authenticator.objects.filter(user=person).delete()
    for profiles in (SeekerProfile.objects, EmployerProfile.objects):
        profiles.filter(user=person).delete()
    person.email = f"deleted-{uuid4()}@invalid.example"
    person.name = person.kana = ""
    person.set_unusable_password()
    person.last_login = None
    person.is_active = False
    person.deleted_at = now
    person.save()
