"""The ledger of the calls that Zoom counts: create and update, per host and UTC day (zoom contract C.5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest

from booking.meetings.errors import HostUsedUp, NoAnswer, OutOfOrder
from booking.models import HostCalls, MeetingHost
from booking.models.host import MOST_CALLS_A_DAY, day_of_zoom


@contextmanager
def counted(address: str, *, now: datetime) -> Iterator[None]:
    """Count one create or update call before it goes out, committed: a worker that dies has counted it all the same.

    One that the circuit breaker kept back or that found nobody is taken off again: after a long outage the host still has
    its hundred. When Zoom says that the host has had its calls, that is
    believed: other programs may use it too.
    """
    _count(address, now=now)
    try:
        yield
    except (OutOfOrder, NoAnswer):
        _rows(address, now=now).filter(count__gt=0).update(count=F("count") - 1)
        raise
    except HostUsedUp:
        _rows(address, now=now).update(count=Greatest("count", MOST_CALLS_A_DAY))
        raise


def has_calls_left(address: str, *, now: datetime) -> bool:
    return not _rows(address, now=now).filter(count__gte=MOST_CALLS_A_DAY).exists()


def _count(address: str, *, now: datetime) -> None:
    """Exact however many workers count at once: the row is made once, then raised by the database."""
    with transaction.atomic():
        hosts = MeetingHost.objects.filter(pk=address)
        HostCalls.objects.bulk_create(
            [HostCalls(host=host, day=day_of_zoom(now)) for host in hosts], ignore_conflicts=True
        )
        _rows(address, now=now).update(count=F("count") + 1)


def _rows(address: str, *, now: datetime) -> QuerySet[HostCalls]:
    return HostCalls.objects.filter(host=address, day=day_of_zoom(now))
