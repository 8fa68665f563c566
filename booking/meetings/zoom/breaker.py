"""The circuit breaker of the Zoom account: one state for all workers, in Redis (ADR 13).

Closed: calls go out, and failures of transport in a row are counted. Open: nothing goes out until a moment that is kept
with it. After that it is half open: one worker at a time tries, its answer closes the circuit, its silence opens it anew.
Without Redis, or with an emptied one, the circuit is closed: it spares Zoom and us vain calls, it decides nothing else.
"""

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.utils import timezone

from booking.meetings.errors import MeetingError, NoAnswer, OutcomeUnknown, OutOfOrder
from booking.meetings.zoom.store import redis_at
from booking.meetings.zoom.times import moment_of

logger = logging.getLogger(__name__)

FAILURES_IN_A_ROW = 5
FAILURES_COUNT_FOR = timedelta(minutes=10)
"""The row is broken, too, when nobody called for so long."""
OPEN_FOR = timedelta(minutes=1) / settings.PACE
FORGOTTEN_AFTER = timedelta(hours=1)
"""An open circuit that nobody tries is closed again by Redis."""
PROBE_LASTS = timedelta(seconds=90) / settings.PACE
"""Longer than a call with a renewal of its token; a worker that dies while it tries keeps the others out so long."""


@dataclass(frozen=True, kw_only=True)
class Breaker:
    account: str
    """A digest that names the account without telling its credentials."""

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Run one call. Raises OutOfOrder instead while the circuit is open; a refusal is an answer like any other."""
        self._admit(now=timezone.now())
        try:
            yield
        except (NoAnswer, OutcomeUnknown):
            self._failed(now=timezone.now())
            raise
        except MeetingError:
            self._answered()
            raise
        else:
            self._answered()

    def _admit(self, *, now: datetime) -> None:
        try:
            store = redis_at(settings.REDIS_URL)
            until = moment_of(str(store.get(self._open)))
            if until is None:
                return
            if until <= now and store.set(self._probe, "1", nx=True, px=PROBE_LASTS):
                logger.warning("Zoom: circuit half open, this call tries")
                return
        except redis.RedisError:
            return
        raise OutOfOrder("Zoom: circuit open", at=until if until > now else now + OPEN_FOR / 2)

    def _failed(self, *, now: datetime) -> None:
        """One more in a row; while the circuit is open, whoever tried or was still on the way opens it anew."""
        with contextlib.suppress(redis.RedisError):
            store = redis_at(settings.REDIS_URL)
            if store.exists(self._open):
                self._open_until(now + OPEN_FOR)
                return
            failures = store.incr(self._failures)
            store.expire(self._failures, FAILURES_COUNT_FOR)
            if failures >= FAILURES_IN_A_ROW:
                self._open_until(now + OPEN_FOR)

    def _open_until(self, until: datetime) -> None:
        store = redis_at(settings.REDIS_URL)
        store.set(self._open, until.isoformat(), ex=FORGOTTEN_AFTER)
        store.delete(self._failures, self._probe)
        logger.error("Zoom: no answer again and again, circuit open until %s", until.isoformat())

    def _answered(self) -> None:
        with contextlib.suppress(redis.RedisError):
            if redis_at(settings.REDIS_URL).delete(self._failures, self._open, self._probe):
                logger.info("Zoom: answers again, circuit closed")

    @property
    def _open(self) -> str:
        return f"hellowork:zoom:breaker:{self.account}:open"

    @property
    def _failures(self) -> str:
        return f"hellowork:zoom:breaker:{self.account}:failures"

    @property
    def _probe(self) -> str:
        return f"hellowork:zoom:breaker:{self.account}:probe"
