"""Guards switched off on purpose: what the twins of the races need, put back afterwards."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from booking.models.schedule import CounselorQuerySet

CONSTRAINTS = ("counselor_not_double_booked", "meeting_host_not_double_booked")
"""Of one counselor and of the counselor's own host: each alone keeps the place."""


@contextmanager
def no_guard_of_places(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The constraints dropped and the queue on the counselor's row switched off. Needs committed transactions."""
    definitions = {name: _drop(name) for name in CONSTRAINTS}

    def no_lock(rows: CounselorQuerySet) -> CounselorQuerySet:
        time.sleep(0.3)  # everybody has looked before anybody writes
        return rows

    monkeypatch.setattr(CounselorQuerySet, "lock", no_lock)
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE booking_reservation CASCADE")
        for name, definition in definitions.items():
            cursor.execute(f"ALTER TABLE booking_reservation ADD CONSTRAINT {name} {definition}")


def _drop(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name])
        definition = str(cursor.fetchone()[0])
        cursor.execute(f"ALTER TABLE booking_reservation DROP CONSTRAINT {name}")
    return definition
