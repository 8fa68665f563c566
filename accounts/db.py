"""One account, one profile, kept so by PostgreSQL; migrations name this module, so it never moves."""

from django.db.migrations import RunSQL

CREATE_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_second_profile() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_taken boolean;
BEGIN
    -- Whoever adds the other kind at the same moment waits here, and then sees this one.
    PERFORM 1 FROM accounts_user WHERE id = NEW.user_id FOR NO KEY UPDATE;
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE user_id = $1)', TG_ARGV[0]) INTO is_taken USING NEW.user_id;
    IF is_taken THEN
        RAISE EXCEPTION 'account % has a profile of the other kind', NEW.user_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""
CREATE_TRIGGER = """
CREATE TRIGGER one_profile_per_account BEFORE INSERT OR UPDATE OF user_id ON {table}
FOR EACH ROW EXECUTE FUNCTION refuse_second_profile('{other}');
"""
SEEKERS, EMPLOYERS = "accounts_seekerprofile", "accounts_employerprofile"


def one_profile_per_account() -> RunSQL:
    """A seeker's account gets no employer profile, and the other way round."""
    triggers = CREATE_TRIGGER.format(table=SEEKERS, other=EMPLOYERS) + CREATE_TRIGGER.format(
        table=EMPLOYERS, other=SEEKERS
    )
    return RunSQL(
        CREATE_FUNCTION + triggers,
        "".join(f"DROP TRIGGER IF EXISTS one_profile_per_account ON {table};" for table in (SEEKERS, EMPLOYERS))
        + "DROP FUNCTION IF EXISTS refuse_second_profile();",
    )
