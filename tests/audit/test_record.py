import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory

from audit.models import AuditRecord
from audit.record import record
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def execute(statement: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


CHANGES = [
    pytest.param("UPDATE audit_auditrecord SET action = 'nothing.happened'", id="update"),
    pytest.param("DELETE FROM audit_auditrecord", id="delete"),
]


@pytest.mark.requirement("J-18", "K-26", "H-30", "S-39")
def test_a_record_says_who_did_what_from_where() -> None:
    user = UserFactory.create()
    request = RequestFactory(headers={"user-agent": "Sample Browser"}).get("/", REMOTE_ADDR="192.0.2.7")

    row = record("export.made", actor=user, subject="schedule", office_number="90001", request=request)

    row.refresh_from_db()
    assert (row.actor, row.address, row.device) == (user, "192.0.2.7", "Sample Browser")
    assert (row.action, row.subject, row.office_number) == ("export.made", "schedule", "90001")


def test_an_anonymous_act_has_no_actor() -> None:
    assert record("sign_up.asked", actor=AnonymousUser()).actor is None


@pytest.mark.requirement("J-18")
@pytest.mark.parametrize("statement", CHANGES)
def test_a_record_cannot_be_changed_in_the_database(statement: str) -> None:
    record("export.made")

    with pytest.raises(DatabaseError, match="append-only"):
        execute(statement)


@pytest.mark.parametrize("statement", CHANGES)
def test_without_the_trigger_the_change_goes_through(statement: str) -> None:
    record("export.made")
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("ALTER TABLE audit_auditrecord DISABLE TRIGGER append_only")

    assert execute(statement) == 1


def test_a_record_cannot_be_changed_through_the_orm() -> None:
    row = record("export.made")
    row.action = "nothing.happened"

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        row.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        row.delete()


def test_a_retention_job_may_delete_but_not_change() -> None:
    record("export.made")

    with transaction.atomic():
        execute("SET LOCAL hellowork.retention = 'on'")
        with pytest.raises(DatabaseError, match="append-only"):
            execute("UPDATE audit_auditrecord SET action = 'nothing.happened'")
        assert execute("DELETE FROM audit_auditrecord") == 1


def test_a_record_vanishes_with_the_transaction_of_its_cause() -> None:
    with transaction.atomic():
        record("export.made")
        transaction.set_rollback(True)

    assert not AuditRecord.objects.exists()
