from datetime import date, datetime

from django.utils import timezone


def today(now: datetime) -> date:
    """The day it is in Japan at that moment."""
    return timezone.localdate(now)
