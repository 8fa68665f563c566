"""Append-only tables, kept so by PostgreSQL; migrations name this module, so it never moves."""

from django.db.migrations import RunSQL

CREATE_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('hellowork.retention', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


def create_refuse_change() -> RunSQL:
    return RunSQL(CREATE_FUNCTION, "DROP FUNCTION IF EXISTS refuse_change()")


def append_only(table: str) -> RunSQL:
    """Refuse UPDATE and DELETE on the table; a retention job may delete after `SET LOCAL hellowork.retention = 'on'`."""
    return RunSQL(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"DROP TRIGGER IF EXISTS append_only ON {table}",
    )
