"""Immutable texts, kept so by PostgreSQL; migrations name this module, so it never moves."""

from django.db.migrations import RunSQL

CREATE_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change_of_terms_in_force() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    today date := (clock_timestamp() AT TIME ZONE 'Asia/Tokyo')::date;
BEGIN
    IF OLD.published_at IS NOT NULL AND OLD.in_force_on <= today THEN
        RAISE EXCEPTION 'terms version % is in force and cannot change', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.published_at IS NOT NULL AND NEW.in_force_on < today THEN
        RAISE EXCEPTION 'terms version % cannot come into force in the past', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
CREATE_TRIGGER = """
CREATE TRIGGER immutable_in_force BEFORE UPDATE OR DELETE ON terms_termsversion
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_terms_in_force();
"""


def immutable_in_force() -> RunSQL:
    """Refuse UPDATE and DELETE of a published version from its day on, in Japan; drafts and scheduled ones may change.

    Publishing or rescheduling into the past is refused as well. A plain INSERT is free: old texts are entered so.
    """
    return RunSQL(
        CREATE_FUNCTION + CREATE_TRIGGER,
        "DROP TRIGGER IF EXISTS immutable_in_force ON terms_termsversion;"
        "DROP FUNCTION IF EXISTS refuse_change_of_terms_in_force();",
    )
