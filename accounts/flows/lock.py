"""The national administrator locks an account at once (J-16), opens it again, or takes a lost second factor away."""

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest

from accounts.models import User
from accounts.sessions import end_sessions
from audit.record import record


@transaction.atomic
def lock_account(user: User, *, by: User, reason: str, request: HttpRequest) -> None:
    """No sign-in from now on, and every sign-in that is open ends. The reason goes to the audit record."""
    locked = User.objects.lock().get(pk=user.pk)
    locked.is_active = False
    locked.save(update_fields=["is_active"])
    end_sessions(locked)
    record("account.locked", actor=by, subject=str(user.pk), detail={"reason": reason}, request=request)


@transaction.atomic
def unlock_account(user: User, *, by: User, reason: str, request: HttpRequest) -> None:
    """A deleted account stays closed."""
    locked = User.objects.lock().get(pk=user.pk)
    if locked.deleted_at is not None:
        return
    locked.is_active = True
    locked.save(update_fields=["is_active"])
    record("account.unlocked", actor=by, subject=str(user.pk), detail={"reason": reason}, request=request)


@transaction.atomic
def reset_second_factor(user: User, *, by: User, reason: str, request: HttpRequest) -> None:
    """For who lost the device and the recovery codes: password only, then a new second factor has to be set up."""
    locked = User.objects.lock().get(pk=user.pk)
    Authenticator.objects.filter(user=locked).delete()
    end_sessions(locked)
    record("account.second_factor_reset", actor=by, subject=str(user.pk), detail={"reason": reason}, request=request)
