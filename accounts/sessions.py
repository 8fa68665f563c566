"""Ending sign-ins on the server."""

from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession

from accounts.models import User


def end_sessions(user: User) -> None:
    """Every sign-in of this person ends at once, on all devices."""
    get_adapter().end_sessions(UserSession.objects.filter(user=user))
