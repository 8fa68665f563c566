"""A new version can be installed while the old one still runs: no migration breaks or blocks it."""

import pytest
from django_migration_linter import MigrationLinter

from demo.addresses import REPOSITORY

OUR_APPS = ["audit", "terms", "accounts", "mailing", "offices", "booking"]
# Written before there was an installation: no old version runs beside them. Nothing is added here any more.
BEFORE_THE_FIRST_INSTALLATION = ["0001_initial", "0002_initial", "0002_waiting_and_woken", "0002_meeting_software"]


def linter(*, left_out: list[str]) -> MigrationLinter:
    linter = MigrationLinter(
        path=str(REPOSITORY), include_apps=OUR_APPS, ignore_name=left_out, no_cache=True, quiet=["ok", "ignore"]
    )
    linter.lint_all_migrations()
    return linter


@pytest.mark.django_db
def test_no_migration_breaks_or_blocks_the_version_that_runs():
    linted = linter(left_out=BEFORE_THE_FIRST_INSTALLATION)
    assert linted.nb_total > 0
    assert not linted.has_errors


@pytest.mark.django_db
def test_a_column_that_the_running_version_does_not_fill_would_be_found():
    assert linter(left_out=[]).has_errors
