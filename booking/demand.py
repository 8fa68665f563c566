"""Unmet demand: how often people found no time, or began to wait. Numbers of a service and a day, without names.

Looking at the times is a GET and writes no row. Who finds nothing is counted in Redis, once a day for each visitor and
service, however often the page is loaded again; the beat writes the day's number down. Without Redis that day counts
less, and nobody waits for it. The visitor's address or account is only in the hash that forgets itself after a day.
"""

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import F
from django.db.models.functions import Greatest
from redis import RedisError

from accounts.ratelimits import consume
from booking.clock import day_of
from booking.models import Service, UnmetDemand

logger = logging.getLogger(__name__)
ONCE = "1/day"
KEPT_SECONDS = int(timedelta(days=3).total_seconds())
"""Long enough to write yesterday's number down after a night without a beat."""


def note_nothing_found(service: Service, *, visitor: str, now: datetime) -> None:
    """Somebody was shown a page without a free time."""
    day = day_of(now)
    try:
        if consume("nothing_found", f"{day} {service.pk} {visitor}", ONCE):
            cache.add(_key(service.pk, day), 0, KEPT_SECONDS)
            cache.incr(_key(service.pk, day))
    except RedisError:
        logger.exception("unmet demand is not counted: Redis does not answer")


def count_waiting(service: Service, *, now: datetime) -> None:
    """Somebody joined the line. Call it last in their transaction: all who join that day queue on the row."""
    mark: dict[str, Any] = {"service": service, "day": day_of(now), "kind": UnmetDemand.Kind.WAITING}
    row, _is_new = UnmetDemand.objects.get_or_create(**mark)
    UnmetDemand.objects.filter(pk=row.pk).update(count=F("count") + 1)


def write_down_demand(*, now: datetime) -> int:
    """Today's and yesterday's numbers, from Redis into rows; returns how many rows. Safe to run twice."""
    today = day_of(now)
    services = list(Service.objects.values_list("pk", flat=True))
    keys = {_key(pk, day): (pk, day) for pk in services for day in (today - timedelta(days=1), today)}
    numbers = cache.get_many(keys)
    for key, number in numbers.items():
        service_id, day = keys[key]
        mark: dict[str, Any] = {"service_id": service_id, "day": day, "kind": UnmetDemand.Kind.FOUND_NOTHING}
        row, _is_new = UnmetDemand.objects.get_or_create(**mark)
        UnmetDemand.objects.filter(pk=row.pk).update(count=Greatest(F("count"), number))
    return len(numbers)


def demand_of(services: Iterable[Service], *, first_day: date, last_day: date) -> Any:
    """The rows of these services from the first to the last day (both included)."""
    return UnmetDemand.objects.filter(service__in=services, day__gte=first_day, day__lte=last_day)


def _key(service_id: int, day: date) -> str:
    return f"nothing_found:{service_id}:{day.isoformat()}"
