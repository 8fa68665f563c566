"""What is in force cannot be changed by anybody: the database refuses, whoever asks."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from booking.enums import QuestionKind
from booking.models import PolicyVersion, Question, Service, ServiceHours
from tests.factories import PolicyVersionFactory, ServiceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S-12")]
TABLES = ["booking_policyversion", "booking_servicehours", "booking_question"]
LATER = date(2100, 4, 1)


def parts(version: PolicyVersion) -> list[Any]:
    question = Question.objects.create(policy=version, label="色", kind=QuestionKind.CHOICE, choices=["赤", "青"])
    return [version, version.hours.all()[0], question]


CHANGES = [
    pytest.param(0, {"length_minutes": 45}, id="rule"),
    pytest.param(0, {"in_force_on": LATER}, id="date"),
    pytest.param(0, {"note": "x"}, id="note"),
    pytest.param(1, {"closes": time(12)}, id="hours"),
    pytest.param(2, {"label": "x"}, id="question"),
]


def change(row: Any, fields: dict[str, Any]) -> None:
    with transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**fields)


def delete(row: Any) -> None:
    with transaction.atomic():
        type(row).objects.filter(pk=row.pk)._raw_delete("default")


@pytest.mark.parametrize(("part", "fields"), CHANGES)
def test_the_database_refuses_to_change_what_is_in_force(part: int, fields: dict[str, Any]) -> None:
    row = parts(ServiceFactory.create().policy_versions.get())[part]
    with pytest.raises(IntegrityError, match="in force and cannot change"):
        change(row, fields)


@pytest.mark.parametrize("part", range(3), ids=["version", "hours", "question"])
def test_the_database_refuses_to_delete_what_is_in_force(part: int) -> None:
    row = parts(ServiceFactory.create().policy_versions.get())[part]
    with pytest.raises(IntegrityError, match="in force and cannot change"):
        delete(row)


@pytest.mark.parametrize(("part", "fields"), CHANGES)
def test_without_the_trigger_it_would_be_changed(part: int, fields: dict[str, Any]) -> None:
    row = parts(ServiceFactory.create().policy_versions.get())[part]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"DROP TRIGGER immutable_in_force ON {table}")
    change(row, fields)
    assert type(row).objects.filter(pk=row.pk, **fields).exists()
    type(row).objects.filter(pk=row.pk).delete()
    assert not type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(("part", "fields"), [CHANGES[0], *CHANGES[2:]])
def test_what_is_coming_can_be_changed_and_deleted(part: int, fields: dict[str, Any]) -> None:
    row = parts(PolicyVersionFactory.create(service=ServiceFactory.create(), in_force_on=LATER))[part]
    change(row, fields)
    assert type(row).objects.filter(pk=row.pk, **fields).exists()
    row.delete()
    assert not type(row).objects.filter(pk=row.pk).exists()


def today_of_the_database() -> date:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (clock_timestamp() AT TIME ZONE 'Asia/Tokyo')::date")
        day: date = cursor.fetchone()[0]
    return day


def test_a_coming_version_cannot_be_moved_to_today_but_to_tomorrow() -> None:
    coming = PolicyVersionFactory.create(
        service=ServiceFactory.create(), in_force_on=LATER, announced_on=date(2026, 1, 1)
    )
    today = today_of_the_database()
    with pytest.raises(IntegrityError, match="tomorrow at the earliest"):
        change(coming, {"in_force_on": today})
    change(coming, {"in_force_on": today + timedelta(days=2)})


@pytest.mark.parametrize(("days", "is_refused"), [(0, True), (1, False)], ids=["the same day", "the day after"])
def test_rules_begin_after_the_day_they_were_made(days: int, is_refused: bool) -> None:
    service = ServiceFactory.create()
    values = {"service": service, "in_force_on": LATER, "announced_on": LATER - timedelta(days=days)}
    if not is_refused:
        assert PolicyVersion.objects.create(**values).pk
        return
    with pytest.raises(IntegrityError, match="policy_announced_before_in_force"), transaction.atomic():
        PolicyVersion.objects.create(**values)


def test_two_versions_of_a_service_never_begin_on_one_day() -> None:
    service: Service = ServiceFactory.create()
    PolicyVersionFactory.create(service=service, in_force_on=LATER)
    with pytest.raises(IntegrityError, match="one_policy_version_a_day"), transaction.atomic():
        PolicyVersionFactory.create(service=service, in_force_on=LATER)


def test_hours_close_after_they_open() -> None:
    coming = PolicyVersionFactory.create(service=ServiceFactory.create(), in_force_on=LATER)
    with pytest.raises(IntegrityError, match="service_hours_close_after_open"), transaction.atomic():
        ServiceHours.objects.create(policy=coming, weekday=0, opens=time(9), closes=time(9))


def test_the_model_refuses_a_day_that_is_not_to_come(freeze: Any) -> None:
    freeze("2026-06-01 23:59:59")
    version = PolicyVersion(service=ServiceFactory.create(), in_force_on=date(2026, 6, 1))
    with pytest.raises(ValidationError, match="明日以後"):
        version.full_clean()
    version.in_force_on = date(2026, 6, 2)
    version.full_clean()
    freeze("2026-06-02 00:00")
    assert timezone.now().hour == 15
    with pytest.raises(ValidationError, match="明日以後"):
        version.full_clean()
