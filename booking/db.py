"""Database pieces that migrations name; this module never moves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import IntegrityError, transaction
from django.db.models import Func

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
