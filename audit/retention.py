"""Deleting from append-only tables, for the jobs that carry out the retention rules and for nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def deletion_allowed() -> Iterator[None]:
    """Until the end of this block the trigger of `audit.db.append_only` lets a DELETE pass; an UPDATE never."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL hellowork.retention = 'on'")
        yield
        cursor.execute("SET LOCAL hellowork.retention = 'off'")
