"""What Zoom set differently from what was asked: a setting locked by the account wins over the API without a word."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings

from booking.meetings.zoom.store import redis_at

CRITICAL = ("waiting_room", "auto_recording", "use_pmi")
"""Who walks in, what is kept, whose room it is: an answer that does not speak of these is an alarm, too."""
CHECKED_TIMES = ("start_time", "duration")
COUNTS = "hellowork:zoom:deviations"
COUNTS_KEPT_FOR = timedelta(days=7)


def deviations_of(answer: Mapping[str, Any], *, sent: Mapping[str, Any]) -> Iterator[str]:
    """The names of what came back different. Other settings that the answer leaves out are no deviation."""
    received = answer.get("settings") or {}
    for name, value in sent["settings"].items():
        if (name in received or name in CRITICAL) and not _is_as_asked(received.get(name), value):
            yield name
    if not answer.get("password"):
        yield "password"
    for name in CHECKED_TIMES:
        if name in sent and answer.get(name) != sent[name]:
            yield name


def _is_as_asked(received: Any, asked: Any) -> bool:
    """Of an object only the parts that were sent are compared: Zoom adds its own."""
    if isinstance(asked, Mapping):
        return isinstance(received, Mapping) and all(received.get(name) == value for name, value in asked.items())
    return bool(received == asked)


def count_deviations(names: Iterable[str]) -> None:
    """Count each for the nightly figures; without Redis they stand in the log and in the row alone."""
    with contextlib.suppress(redis.RedisError):
        store = redis_at(settings.REDIS_URL)
        for name in names:
            store.hincrby(COUNTS, name, 1)
        store.expire(COUNTS, COUNTS_KEPT_FOR)


def take_counts() -> dict[str, int]:
    """How often each setting came back different since the last time this was asked; begins anew."""
    try:
        with redis_at(settings.REDIS_URL).pipeline(transaction=True) as pipeline:
            pipeline.hgetall(COUNTS)
            pipeline.delete(COUNTS)
            counts, _deleted = pipeline.execute()
    except redis.RedisError:
        return {}
    return {name: int(count) for name, count in counts.items()}
