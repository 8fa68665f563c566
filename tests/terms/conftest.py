from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from offices.models import Office, Role, StaffMembership
from terms.models import TermsDocument, TermsKind, TermsVersion
from tests.factories import TermsDocumentFactory, TermsVersionFactory, UserFactory

Publish = Callable[..., TermsVersion]


@pytest.fixture
def today() -> date:
    """The database's own clock decides what is in force, so these tests run on the real day."""
    return timezone.localdate()


@pytest.fixture
def person(db: None) -> User:
    return UserFactory.create()


@pytest.fixture
def portal(db: None) -> TermsDocument:
    return TermsDocumentFactory.create(kind=TermsKind.PORTAL, title="ポータル利用規約", slug="portal")


@pytest.fixture
def version_of(today: date) -> Publish:
    """A published version, in force for a year unless told otherwise."""

    def create(document: TermsDocument, number: int = 1, **fields: Any) -> TermsVersion:
        day = fields.pop("in_force_on", today - timedelta(days=365 - number))
        return TermsVersionFactory.create(
            document=document, number=number, **{"made_on": min(day, today), "in_force_on": day, **fields}
        )

    return create


@pytest.fixture
def national(db: None) -> User:
    return UserFactory.create(is_staff=True, is_superuser=True)


@pytest.fixture
def office(db: None) -> Office:
    return Office.objects.create(
        number="90001", name="見本・小林", phone="0000-00-0001", contact_hours="平日 9:00〜17:00"
    )


@pytest.fixture
def manager(office: Office) -> User:
    user = UserFactory.create(is_staff=True)
    StaffMembership.objects.create(user=user, office=office, role=Role.MANAGER)
    return user
