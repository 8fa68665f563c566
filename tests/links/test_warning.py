"""The morning mail to an office about links that are missing, well before the five business days are over."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from booking.flows.link import enter_link
from booking.mails.missing_links import LINKS_MISSING
from booking.models import Service
from booking.periodic import warn_of_missing_links
from mailing.models import MailState, OutgoingMail
from mailing.sending import send
from offices.models import ClosedDay, Office
from tests.factories import NOW, OfficeFactory, bookable_service, jst
from tests.links.conftest import booked, link

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S-25", "X-14")]

FAR = jst(6, 26, 10)


def mails() -> Any:
    return OutgoingMail.objects.filter(kind=LINKS_MISSING)


def warned_at(moment: datetime, freeze: Any) -> int:
    freeze(moment)
    warn_of_missing_links()
    return mails().count()


@pytest.mark.parametrize(
    ("starts_at", "first_morning"),
    [
        pytest.param(FAR, date(2026, 6, 4), id="three business days after Monday"),
        pytest.param(jst(6, 4, 10), date(2026, 6, 2), id="two business days before Thursday"),
    ],
)
def test_the_office_is_written_to_on_the_first_morning_it_is_due(
    service: Service, freeze: Any, starts_at: datetime, first_morning: date
) -> None:
    booked(service, starts_at=starts_at, now=NOW)
    morning = jst(first_morning.month, first_morning.day, 8, 5)
    assert warned_at(morning - timedelta(days=1), freeze) == 0
    assert warned_at(morning, freeze) == 1
    assert mails().get().to == service.office.email


def test_a_closed_day_of_the_office_is_no_business_day(service: Service, freeze: Any) -> None:
    booked(service, starts_at=FAR)
    ClosedDay.objects.create(office=service.office, day=date(2026, 6, 4))
    assert warned_at(jst(6, 4, 8, 5), freeze) == 0
    assert warned_at(jst(6, 5, 8, 5), freeze) == 1


def test_nobody_is_written_to_on_a_weekend(service: Service, freeze: Any) -> None:
    booked(service, starts_at=FAR)
    assert warned_at(jst(6, 6, 8, 5), freeze) == 0
    assert warned_at(jst(6, 8, 8, 5), freeze) == 1


def test_once_a_day_and_office(service: Service, freeze: Any) -> None:
    booked(service, starts_at=FAR)
    booked(service, starts_at=FAR, counselor=1)
    other = bookable_service(meeting_software="link", office__email="other@mail.example")
    booked(other, starts_at=FAR)
    assert warned_at(jst(6, 4, 8, 5), freeze) == 2
    assert warned_at(jst(6, 4, 9, 5), freeze) == 2
    assert warned_at(jst(6, 5, 8, 5), freeze) == 4


def test_offices_with_nothing_missing_cost_nothing(freeze: Any, django_assert_max_num_queries: Any) -> None:
    OfficeFactory.create_batch(20, email="madoguchi@mail.example")
    freeze(jst(6, 4, 8, 5))
    with django_assert_max_num_queries(3):
        assert warn_of_missing_links() == 0


def test_an_office_without_an_address_has_the_list_alone(service: Service, freeze: Any) -> None:
    Office.objects.update(email="")
    booked(service, starts_at=FAR)
    assert warned_at(jst(6, 4, 8, 5), freeze) == 0


def test_what_is_entered_or_cancelled_is_not_warned_of(service: Service, freeze: Any) -> None:
    enter_link(booked(service, starts_at=FAR), link=link(), now=NOW)
    assert warned_at(jst(6, 4, 8, 5), freeze) == 0


def test_it_names_number_and_time_and_nobody(service: Service, freeze: Any, smtp_server: Any) -> None:
    reservation = booked(service, starts_at=FAR, name="髙橋 一郎", topic="秘密の相談")
    warned_at(jst(6, 4, 8, 5), freeze)
    send(mails().get().pk, now=jst(6, 4, 8, 5))
    mail = mails().get()
    assert mail.state == MailState.SENT
    assert mail.subject == "会議のURLの登録をお願いします（1件）"
    assert reservation.display_number in mail.body
    assert "2026年6月26日" in mail.body
    assert f"/admin/links/?office={service.office.number}" in mail.body
    for personal in ("髙橋", "秘密", reservation.phone, reservation.email):
        assert personal not in mail.body


def test_one_that_is_late_and_has_nothing_to_say_any_more_is_not_sent(
    service: Service, freeze: Any, smtp_server: Any
) -> None:
    reservation = booked(service, starts_at=FAR)
    warned_at(jst(6, 4, 8, 5), freeze)
    enter_link(reservation, link=link(), now=jst(6, 4, 8, 6))
    send(mails().get().pk, now=jst(6, 4, 8, 7))
    assert mails().get().state == MailState.SUPERSEDED
