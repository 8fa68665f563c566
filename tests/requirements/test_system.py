"""The portal as a whole: open day and night, and with a way on when it is not."""

from datetime import datetime, time
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from booking.enums import BookingWay, ReservationStatus
from booking.models import Reservation
from offices.models import Office
from tests.factories import SeekerFactory, ServiceFactory, bookable_service, slots_of
from tests.requirements.conftest import Reader, text_of

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("J-20")
@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("2026-06-07 03:00", id="a Sunday night"),
        pytest.param("2026-06-10 00:00", id="midnight"),
        pytest.param("2027-01-01 12:00", id="New Year's Day"),
        pytest.param("2026-06-10 23:59", id="the last minute of a day"),
    ],
)
def test_a_time_can_be_chosen_at_any_hour_of_any_day(freeze: Any, client: Client, moment: str) -> None:
    now: datetime = freeze(moment)
    service = bookable_service()
    client.force_login(SeekerFactory.create())
    first = slots_of(service, now=now)[0]

    for name in ("start", "help"):
        assert client.get(reverse(f"booking:{name}")).status_code == 200
    client.post(reverse("booking:hold", args=[service.pk]), {"start": first.starts_at.isoformat()})

    assert Reservation.objects.get().status == ReservationStatus.HELD


@pytest.mark.requirement("J-19")
@pytest.mark.parametrize("page", ["500.html", "503.html"])
def test_a_page_that_knows_no_office_sends_the_person_to_the_telephone(page: str) -> None:
    assert "利用するハローワークへお電話ください" in render_to_string(page)


@pytest.mark.requirement("J-19")
def test_every_page_leads_to_the_telephones_even_one_that_does_not_exist(reader: Reader) -> None:
    answer = reader.client.get("/nothing-here/")

    assert answer.status_code == 404
    assert f'href="{reverse("booking:help")}"' in answer.content.decode()


@pytest.mark.requirement("S-03")
def test_an_office_has_several_services_with_rules_of_their_own(client: Client, now: datetime) -> None:
    day = bookable_service(name="平日の相談")
    office: Office = day.office
    evening = [(weekday, time(17, 30), time(19)) for weekday in range(5)] + [(5, time(10), time(16))]
    ServiceFactory.create(
        office=office, name="夜間・土曜の相談", length_minutes=45, way=BookingWay.MAIL_LINK, hours=evening
    )

    page = text_of(client.get(reverse("booking:office", args=[office.number])))

    for words in ("平日の相談", "1回 30分", "月〜金 9:00〜17:00", "夜間・土曜の相談", "1回 45分", "土 10:00〜16:00"):
        assert words in page
