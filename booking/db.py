"""Database pieces that migrations name; this module never moves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import IntegrityError, OperationalError, transaction
from django.db.migrations import RunSQL
from django.db.models import Func
from psycopg2.errorcodes import DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE

from booking.errors import BookingError
from booking.refusals import refusal


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
        raise refusal("crowded") from failure


IMMUTABLE_IN_FORCE = """
CREATE OR REPLACE FUNCTION refuse_change_of_rules_in_force() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    today date := (clock_timestamp() AT TIME ZONE 'Asia/Tokyo')::date;
    since date;
BEGIN
    IF TG_TABLE_NAME = 'booking_policyversion' THEN
        since := OLD.in_force_on;
    ELSE
        SELECT in_force_on INTO since FROM booking_policyversion WHERE id = OLD.policy_id;
        IF TG_OP = 'UPDATE' THEN
            SELECT LEAST(since, in_force_on) INTO since FROM booking_policyversion WHERE id = NEW.policy_id;
        END IF;
    END IF;
    IF since <= today THEN
        RAISE EXCEPTION 'the rules are in force and cannot change' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF TG_TABLE_NAME = 'booking_policyversion' THEN
        IF NEW.in_force_on <= today THEN
            RAISE EXCEPTION 'rules come into force tomorrow at the earliest' USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER immutable_in_force BEFORE UPDATE OR DELETE ON booking_policyversion
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_rules_in_force();
CREATE TRIGGER immutable_in_force BEFORE UPDATE OR DELETE ON booking_servicehours
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_rules_in_force();
CREATE TRIGGER immutable_in_force BEFORE UPDATE OR DELETE ON booking_question
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_rules_in_force();
"""
CHANGEABLE_IN_FORCE = """
DROP TRIGGER IF EXISTS immutable_in_force ON booking_policyversion;
DROP TRIGGER IF EXISTS immutable_in_force ON booking_servicehours;
DROP TRIGGER IF EXISTS immutable_in_force ON booking_question;
DROP FUNCTION IF EXISTS refuse_change_of_rules_in_force();
"""


def immutable_in_force() -> RunSQL:
    """Refuse UPDATE and DELETE of a version of the rules, its hours and its questions from its day on, in Japan.

    Moving a future version to today, or a part of it to a version in force, is refused as well. A plain INSERT is free: the first rules are entered so.
    """
    return RunSQL(IMMUTABLE_IN_FORCE, CHANGEABLE_IN_FORCE)
