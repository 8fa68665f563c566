"""Database pieces that migrations name; this module never moves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Func
from django.utils.translation import gettext as _
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
def flow_transaction() -> Iterator[None]:
    """A transaction whose wait for a row lock, when it takes too long (lock_timeout), is a refusal and not a crash."""
    try:
        with transaction.atomic():
            yield
    except OperationalError as failure:
        if getattr(failure.__cause__, "pgcode", None) not in (LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED):
            raise
        message = _("ただいま大変混み合っています。少し待ってから、もう一度お試しください。")
        raise BookingError(message, code="crowded") from failure
