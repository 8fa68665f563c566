"""A new version can be installed while the old one still runs: no migration breaks or blocks it."""

import pytest
from django_migration_linter import MigrationLinter

from demo.addresses import REPOSITORY

OUR_APPS = ["audit", "terms", "accounts", "mailing", "offices", "booking"]
# Written before there was an installation: no old version runs beside them. Nothing is added here any more.
BEFORE_THE_FIRST_INSTALLATION = ["0001_initial", "0002_initial", "0002_waiting_and_woken", "0002_meeting_software"]

# The rules left their columns for versions, consents got a second owner, hosts became rows: the version before cannot run beside this one.
# docs/operations.md says to stop it for this upgrade; the next change of this kind gets two steps or a line of its own there.
WHILE_THE_PORTAL_IS_STOPPED = [
    "0006_dated_rules",
    "0008_rules_left_services",
    "0005_consent_of_subject",
    "0012_meeting_hosts_and_links",
    "0014_hosts_and_links_guarded",
    "0003_delivery_reports",
]


def linter(*, left_out: list[str]) -> MigrationLinter:
    linter = MigrationLinter(
        path=str(REPOSITORY), include_apps=OUR_APPS, ignore_name=left_out, no_cache=True, quiet=["ok", "ignore"]
    )
    linter.lint_all_migrations()
    return linter


@pytest.mark.django_db
def test_no_migration_breaks_or_blocks_the_version_that_runs():
    linted = linter(left_out=[*BEFORE_THE_FIRST_INSTALLATION, *WHILE_THE_PORTAL_IS_STOPPED])
    assert linted.nb_total > 0
    assert not linted.has_errors


@pytest.mark.parametrize("migration", WHILE_THE_PORTAL_IS_STOPPED)
def test_what_needs_a_stop_is_told_to_operators(migration):
    assert migration in (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")


@pytest.mark.django_db
def test_a_column_that_the_running_version_does_not_fill_would_be_found():
    assert linter(left_out=[]).has_errors
