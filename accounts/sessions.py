"""Ending sign-ins on the server."""

from datetime import datetime, timedelta

from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest

from accounts.models import User

SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
SEEN_EVERY = timedelta(minutes=1)


def end_sessions(user: User) -> None:
    """Every sign-in of this person ends at once, on all devices."""
    get_adapter().end_sessions(UserSession.objects.filter(user=user))


def begin(request: HttpRequest, *, now: datetime) -> None:
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = now.timestamp()


def is_over(request: HttpRequest, *, now: datetime) -> bool:
    """Whether this sign-in has lasted, or a member of staff been idle, too long. Else notes that it is in use."""
    session, is_staff = request.session, request.user.is_staff
    lasts = settings.STAFF_SIGN_IN_LASTS if is_staff else settings.SEEKER_SIGN_IN_LASTS
    if SIGNED_IN_AT not in session:
        begin(request, now=now)
    elif now.timestamp() - session[SIGNED_IN_AT] >= lasts.total_seconds():
        return True
    if not is_staff:
        return False
    idle = timedelta(seconds=now.timestamp() - session[SEEN_AT])
    if idle >= SEEN_EVERY:
        session[SEEN_AT] = now.timestamp()  # once a minute is exact enough, and one write
    return bool(idle >= settings.STAFF_MAY_BE_IDLE)
