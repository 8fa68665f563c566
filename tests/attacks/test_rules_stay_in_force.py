"""Rules in force are changed by nobody: not through the ORM, not through the rows that hang on them."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from booking.models import Question, ServiceHours
from tests.factories import NOW, PolicyVersionFactory, ServiceFactory


@pytest.fixture
def versions(freeze, db):
    freeze(NOW)
    service = ServiceFactory.create()
    return service.versions[0], PolicyVersionFactory.create(service=service, in_force_on=date(2027, 7, 1))


def test_hours_of_coming_rules_do_not_move_to_those_in_force(versions) -> None:
    now, coming = versions
    hours = coming.hours.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        ServiceHours.objects.filter(pk=hours.pk).update(policy=now)


def test_a_question_of_coming_rules_does_not_move_to_those_in_force(versions) -> None:
    now, coming = versions
    question = Question.objects.create(policy=coming, label="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.filter(pk=question.pk).update(policy=now)
