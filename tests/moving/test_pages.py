"""Moving through the pages: a look at both times, one button; a stranger's reservation does not exist."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditRecord
from booking.enums import CancelChannel
from booking.models import Reservation
from tests.factories import NOW, SeekerFactory, bookable_service, change_rules, jst
from tests.moving.conftest import booked
from tests.staff.conftest import client_of, with_second_factor

__all__ = ["client_of"]

WEDNESDAY = jst(6, 3, 14)


@pytest.fixture(autouse=True)
def now(db: None, freeze: Any) -> Any:
    return freeze(NOW)


@pytest.fixture
def browser(client: Client, reservation: Reservation) -> Client:
    client.force_login(reservation.seeker)
    return client


def url(reservation: Reservation) -> str:
    return reverse("booking:move", args=[reservation.number])


def start_of(reservation: Reservation) -> Any:
    return Reservation.objects.get(pk=reservation.pk).starts_at


def test_the_page_offers_free_times_without_the_present_one(browser: Client, reservation: Reservation) -> None:
    page = browser.get(url(reservation))
    starts = [time.starts_at for day in page.context["days"] for time in day.times]
    assert WEDNESDAY in starts
    assert jst(6, 2, 10) not in starts


def test_a_look_at_both_times_moves_nothing(browser: Client, reservation: Reservation) -> None:
    page = browser.get(url(reservation), {"start": WEDNESDAY.isoformat()}).content.decode()
    assert "2026年6月3日(水) 14:00" in page
    assert "2026年6月2日(火)" in page
    assert start_of(reservation) == jst(6, 2, 10)


def test_the_button_moves_and_leads_to_the_reservation(browser: Client, reservation: Reservation) -> None:
    answer = browser.post(url(reservation), {"start": WEDNESDAY.isoformat()}, follow=True)
    assert answer.redirect_chain[-1][0] == reservation.get_absolute_url()
    assert "日時を変更しました" in answer.content.decode()
    assert start_of(reservation) == WEDNESDAY


def test_a_refused_move_says_why_and_that_the_old_time_stands(browser: Client, reservation: Reservation) -> None:
    answer = browser.post(url(reservation), {"start": jst(6, 1, 14).isoformat()}, follow=True)
    assert "この日の予約は締め切りました" in answer.content.decode()
    assert "いまの予約はそのままです" in answer.content.decode()
    assert start_of(reservation) == jst(6, 2, 10)


def test_nonsense_as_a_time_shows_the_times_again(browser: Client, reservation: Reservation) -> None:
    assert browser.post(url(reservation), {"start": "昨日"}).status_code == HTTPStatus.OK
    assert start_of(reservation) == jst(6, 2, 10)


def test_another_persons_reservation_does_not_exist(client: Client, reservation: Reservation) -> None:
    client.force_login(SeekerFactory.create())
    assert client.get(url(reservation)).status_code == HTTPStatus.NOT_FOUND
    assert client.post(url(reservation), {"start": WEDNESDAY.isoformat()}).status_code == HTTPStatus.NOT_FOUND
    assert start_of(reservation) == jst(6, 2, 10)


def test_by_phone_only_the_page_gives_the_number_and_a_forged_request_is_refused(
    browser: Client, reservation: Reservation
) -> None:
    change_rules(reservation.service, cancel_channel=CancelChannel.PHONE)
    assert reservation.office.phone in browser.get(url(reservation)).content.decode()
    answer = browser.post(url(reservation), {"start": WEDNESDAY.isoformat()})
    assert answer.status_code == HTTPStatus.CONFLICT
    assert start_of(reservation) == jst(6, 2, 10)


def test_the_reservation_page_leads_here_or_says_what_applies(browser: Client, reservation: Reservation) -> None:
    assert url(reservation) in browser.get(reservation.get_absolute_url()).content.decode()
    change_rules(reservation.service, cancel_channel=CancelChannel.PHONE)
    assert url(reservation) not in browser.get(reservation.get_absolute_url()).content.decode()


def test_a_counselor_who_does_not_offer_the_service_cannot_be_forged_in(
    browser: Client, reservation: Reservation
) -> None:
    stranger = booked(bookable_service()).counselor
    browser.post(url(reservation), {"start": WEDNESDAY.isoformat(), "counselor": stranger.pk})
    assert start_of(reservation) == jst(6, 2, 10)


class TestStaff:
    """The office moves from the admin; the reason goes to the person."""

    FORM = {"day": "2026-06-03", "clock": "14:00", "reason": "担当者の研修のため"}

    @pytest.fixture
    def staff(self, client_of: Callable[..., Client], reservation: Reservation) -> Client:
        return client_of(with_second_factor(reservation.counselor.membership.user))

    def send(self, staff: Client, reservation: Reservation, **more: object) -> object:
        form = {**self.FORM, "counselor": reservation.counselor_id, **more}
        return staff.post(reverse("admin:move", args=[reservation.number]), form)

    def test_the_button_moves_and_is_recorded(self, staff: Client, reservation: Reservation) -> None:
        assert self.send(staff, reservation).status_code == HTTPStatus.FOUND
        assert start_of(reservation) == WEDNESDAY
        assert AuditRecord.objects.filter(action="reservation.move", subject=reservation.number).count() == 1

    def test_a_refusal_keeps_what_was_typed(self, staff: Client, reservation: Reservation) -> None:
        booked(reservation.service, starts_at=WEDNESDAY)
        page = self.send(staff, reservation).content.decode()
        assert "担当者の研修のため" in page
        assert "たったいま埋まりました" in page
        assert start_of(reservation) == jst(6, 2, 10)

    @pytest.mark.parametrize("wrong", [{"reason": " "}, {"clock": ""}, {"counselor": "0"}, {"day": "9999-12-31"}])
    def test_what_is_wrong_moves_nothing(self, staff: Client, reservation: Reservation, wrong: dict[str, str]) -> None:
        assert self.send(staff, reservation, **wrong).status_code == HTTPStatus.OK
        assert start_of(reservation) == jst(6, 2, 10)

    def test_the_present_minute_is_the_earliest(self, staff: Client, reservation: Reservation) -> None:
        assert (
            "過ぎた日時は受け付けられません"
            in self.send(staff, reservation, day="2026-06-01", clock="09:59").content.decode()
        )
        assert start_of(reservation) == jst(6, 2, 10)
        self.send(staff, reservation, day="2026-06-01", clock="10:00")
        assert start_of(reservation) == jst(6, 1, 10)

    def test_another_offices_reservation_does_not_exist(self, staff: Client) -> None:
        foreign = booked(bookable_service())
        answer = self.send(staff, foreign)
        assert answer.status_code == HTTPStatus.NOT_FOUND
        assert start_of(foreign) == jst(6, 2, 10)
