"""The database keeps a text in force as it is. Raw SQL, because an accident does not go through the ORM."""

import hashlib
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from terms.consent import give_consent
from terms.models import Consent, TermsDocument, TermsVersion
from tests.terms.conftest import Publish

pytestmark = pytest.mark.django_db


def execute(statement: str, *parameters: object) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def without_trigger(name: str, table: str) -> None:
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")


def change_body(version: TermsVersion) -> int:
    return execute("UPDATE terms_termsversion SET body = 'changed' WHERE id = %s", version.pk)


def delete(version: TermsVersion) -> int:
    return execute("DELETE FROM terms_termsversion WHERE id = %s", version.pk)


CHANGES = [pytest.param(change_body, id="update"), pytest.param(delete, id="delete")]


@pytest.mark.parametrize("change", CHANGES)
def test_a_version_in_force_cannot_change(
    portal: TermsDocument, version_of: Publish, today: date, change: Callable[[TermsVersion], int]
) -> None:
    version = version_of(portal, in_force_on=today)

    with pytest.raises(DatabaseError, match="is in force and cannot change"):
        change(version)


@pytest.mark.parametrize("change", CHANGES)
def test_without_the_trigger_the_change_goes_through(
    portal: TermsDocument, version_of: Publish, today: date, change: Callable[[TermsVersion], int]
) -> None:
    version = version_of(portal, in_force_on=today)
    without_trigger("immutable_in_force", "terms_termsversion")

    assert change(version) == 1


@pytest.mark.parametrize("change", CHANGES)
def test_a_scheduled_version_may_still_change(
    portal: TermsDocument, version_of: Publish, today: date, change: Callable[[TermsVersion], int]
) -> None:
    assert change(version_of(portal, in_force_on=today + timedelta(days=1))) == 1


@pytest.mark.parametrize("change", CHANGES)
def test_a_draft_may_change_whatever_its_day(
    portal: TermsDocument, version_of: Publish, today: date, change: Callable[[TermsVersion], int]
) -> None:
    assert change(version_of(portal, in_force_on=today, published_at=None)) == 1


def test_a_replaced_version_cannot_change_either(portal: TermsDocument, version_of: Publish) -> None:
    first, _second = version_of(portal, 1), version_of(portal, 2)

    with pytest.raises(DatabaseError, match="is in force and cannot change"):
        change_body(first)


def test_a_scheduled_version_cannot_slip_into_the_past(portal: TermsDocument, version_of: Publish, today: date) -> None:
    version = version_of(portal, in_force_on=today + timedelta(days=1))

    with pytest.raises(DatabaseError, match="cannot come into force in the past"):
        execute(
            "UPDATE terms_termsversion SET made_on = %s, in_force_on = %s WHERE id = %s",
            today - timedelta(days=1),
            today - timedelta(days=1),
            version.pk,
        )


@pytest.mark.requirement("X-01")
@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE terms_consent SET language = 'xx'", id="update"),
        pytest.param("DELETE FROM terms_consent", id="delete"),
    ],
)
def test_a_consent_is_kept_as_given(person: User, portal: TermsDocument, version_of: Publish, statement: str) -> None:
    give_consent(person, versions=[version_of(portal)], language="ja", request=None)

    with pytest.raises(DatabaseError, match="append-only"):
        execute(statement)

    without_trigger("append_only", "terms_consent")
    assert execute(statement) == 1


def test_a_consent_cannot_change_through_the_orm(person: User, portal: TermsDocument, version_of: Publish) -> None:
    give_consent(person, versions=[version_of(portal)], language="ja", request=None)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Consent.objects.update(language="xx")


def test_the_fingerprint_is_that_of_the_exact_text(portal: TermsDocument, version_of: Publish) -> None:
    body = "第1条\r\n 空白も改行も\tそのまま 🈂\n"
    version = version_of(portal, body=body)

    version.refresh_from_db()

    assert version.sha256 == hashlib.sha256(body.encode()).hexdigest()
    assert version.sha256 == hashlib.sha256(version.body.encode()).hexdigest()


def test_the_fingerprint_follows_a_saved_body(portal: TermsDocument, version_of: Publish) -> None:
    version = version_of(portal, published_at=None)
    version.body = "別の本文"
    version.save(update_fields=["body"])

    version.refresh_from_db()

    assert version.sha256 == hashlib.sha256("別の本文".encode()).hexdigest()
