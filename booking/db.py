"""Database pieces that migrations name; this module never moves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Func
from psycopg2.errorcodes import DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE

from booking.errors import BookingError


class TsTzRange(Func):
    """tstzrange(starts_at, ends_at, '[)')."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


@contextmanager
def constraint_as_booking_error(errors: Mapping[str, BookingError]) -> Iterator[None]:
    """Run the block in a savepoint and turn the violation of a named constraint into its refusal.

    Without the savepoint the violation would leave the surrounding transaction unusable. Row locks taken inside the
    block are given back with it.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as violation:
        diagnostics = getattr(violation.__cause__, "diag", None)
        error = errors.get(getattr(diagnostics, "constraint_name", None) or "")
        if error is None:
            raise
        raise error from violation


@contextmanager
def waiting_as_booking_error(error: BookingError) -> Iterator[None]:
    """Turn a wait for a row lock that took too long (lock_timeout) into its refusal. Goes around the transaction."""
    try:
        yield
    except OperationalError as failure:
        if getattr(failure.__cause__, "pgcode", None) not in (LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED):
            raise
        raise error from failure
