"""An office with its people, a foreign office, and browsers signed in as each of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.test import Client

from accounts.models import User
from booking.models import Counselor, Reservation
from offices.models import Office, Role
from tests.factories import (
    NOW,
    CounselorFactory,
    MembershipFactory,
    OfficeFactory,
    ReservationFactory,
    ServiceFactory,
    UserFactory,
    jst,
)

TOPIC = "前の職場のけがについて相談したい"


@pytest.fixture(autouse=True)
def now(db: None, freeze: Callable[[datetime], datetime]) -> Iterator[datetime]:
    """Monday 2026-06-01 10:00 in Japan."""
    return freeze(NOW)


@dataclass
class World:
    office: Office
    foreign_office: Office
    manager: User
    counselor: User
    reception: User
    foreigner: User
    national: User
    hanako: Counselor
    """The calendar of `counselor`."""
    jiro: Counselor
    """The calendar of a colleague."""
    foreign_counselor: Counselor
    reservation: Reservation
    """With hanako, Tuesday 2 June 10:00, with a topic."""
    foreign_reservation: Reservation


@pytest.fixture
def world(now: datetime) -> World:
    office = OfficeFactory(number="13010", name="ハローワーク見本")
    foreign_office = OfficeFactory(number="22010", name="ハローワーク他所")
    counselor = staff(office, Role.COUNSELOR, name="相談 花子（本名）")
    foreigner = staff(foreign_office, Role.MANAGER, name="他所 職員")
    service = ServiceFactory(office=office)
    foreign_service = ServiceFactory(office=foreign_office)
    hanako = CounselorFactory(
        office=office, membership=counselor.staff_memberships.get(), name="花子", services=[service]
    )
    jiro = CounselorFactory(office=office, name="次郎", services=[service])
    foreign_counselor = CounselorFactory(office=foreign_office, name="他所の相談員", services=[foreign_service])
    return World(
        office=office,
        foreign_office=foreign_office,
        manager=staff(office, Role.MANAGER, name="所長"),
        counselor=counselor,
        reception=staff(office, Role.RECEPTION, name="受付"),
        foreigner=foreigner,
        national=with_second_factor(UserFactory(is_staff=True, is_superuser=True, name="全国 管理者")),
        hanako=hanako,
        jiro=jiro,
        foreign_counselor=foreign_counselor,
        reservation=ReservationFactory(
            service=service,
            counselor=hanako,
            starts_at=jst(6, 2, 10),
            name="髙橋 一郎",
            kana="たかはし いちろう",
            topic=TOPIC,
        ),
        foreign_reservation=ReservationFactory(
            service=foreign_service, counselor=foreign_counselor, starts_at=jst(6, 2, 10), name="他所 次郎", topic=TOPIC
        ),
    )


def staff(office: Office, role: Role, *, name: str) -> User:
    user = UserFactory(is_staff=True, name=name)
    MembershipFactory(user=user, office=office, role=role)
    return with_second_factor(user)


def with_second_factor(user: User) -> User:
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    return user


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    def sign_in(user: User, **options: Any) -> Client:
        client = Client(**options)
        client.force_login(user)
        request = HttpRequest()
        request.session = client.session
        record_authentication(request, user, method="mfa", type="totp")
        request.session.save()
        return client

    return sign_in
