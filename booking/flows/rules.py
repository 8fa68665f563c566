"""New versions of a service's rules: the first one, and a copy that the manager goes on to change (ADR 10)."""

from datetime import date, datetime, time, timedelta
from typing import TypeVar

from django.db import transaction

from booking.clock import day_of
from booking.enums import Weekday
from booking.models import PolicyVersion, Question, Service, ServiceHours

Row = TypeVar("Row", ServiceHours, Question)
USUAL_HOURS = time(8, 30), time(17, 15)
WORKING_DAYS = (Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY, Weekday.FRIDAY)


def start_rules(service: Service, *, now: datetime) -> PolicyVersion:
    """Rules for a service that has none: the national defaults, on working days in the usual hours, from tomorrow."""
    with transaction.atomic():
        version = PolicyVersion(service=service, in_force_on=day_of(now) + timedelta(days=1))
        version.full_clean()
        version.save()
        opens, closes = USUAL_HOURS
        ServiceHours.objects.bulk_create(
            ServiceHours(policy=version, weekday=weekday, opens=opens, closes=closes) for weekday in WORKING_DAYS
        )
        return version


def copy_rules(former: PolicyVersion, *, in_force_on: date, now: datetime, note: str = "") -> PolicyVersion:
    """The same rules, hours and questions once more, from a coming day on. Raises ValidationError for a day that cannot be.

    Locks the service: two copies for one day do not meet.
    """
    with transaction.atomic():
        service = Service.objects.select_for_update(no_key=True).get(pk=former.service_id)
        version = PolicyVersion.objects.get(pk=former.pk)
        version.pk, version.service, version.announced_on = None, service, day_of(now)
        version.in_force_on, version.note = in_force_on, note
        version._state.adding = True  # noqa: SLF001  how Django documents the copying of a row
        version.full_clean()
        version.save()
        ServiceHours.objects.bulk_create(_copied(hours, version) for hours in former.hours.all())
        Question.objects.bulk_create(_copied(question, version) for question in former.questions.all())
        return version


def _copied(row: Row, version: PolicyVersion) -> Row:
    row.pk, row.policy = None, version
    row._state.adding = True  # noqa: SLF001
    return row
