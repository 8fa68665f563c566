"""The pages of the staff in Chromium: no sideways scroll from 360 pixels on, and axe finds nothing."""

from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import User
from booking.models import Reservation
from offices.models import Role
from tests.factories import ReservationFactory, bookable_service, slots_of
from tests.staff.conftest import client_of, staff

__all__ = ["client_of"]  # the fixture
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reservation(transactional_db: None) -> Reservation:
    service = bookable_service(counselors=3)
    slot = slots_of(service, now=timezone.now())[0]
    return ReservationFactory.create(service=service, counselor=service.counselors.first(), starts_at=slot.starts_at)


@pytest.fixture
def manager_at(
    reservation: Reservation, live_server: Any, client_of: Callable[[User], Client], browser_context: Callable[..., Any]
) -> Callable[[int], Page]:
    """The office's manager, signed in with the second factor, in front of a screen of that width."""
    cookies: SimpleCookie = client_of(staff(reservation.office, Role.MANAGER, name="所長")).cookies

    def open_browser(width: int) -> Page:
        context = browser_context(viewport={"width": width, "height": 800})
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": cookies[name].value, "url": live_server.url}])
        page: Page = context.new_page()
        return page

    return open_browser


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_staff_pages_fit_the_screen_and_axe_finds_nothing(
    reservation: Reservation,
    live_server: Any,
    manager_at: Callable[[int], Page],
    accessible: Callable[..., None],
    width: int,
) -> None:
    page = manager_at(width)
    day = timezone.localtime(reservation.starts_at).date()
    for address in (
        f"/admin/?week={day}",
        f"/admin/day/?date={day}",
        "/admin/export/",
        "/admin/booking/reservation/",
        f"/admin/booking/reservation/{reservation.pk}/change/",
        f"/admin/reservations/{reservation.number}/cancel/",
        f"/admin/reservations/{reservation.number}/complete/",
        f"/admin/reservations/{reservation.number}/restrict/",
        f"/admin/reservations/{reservation.number}/consequence/",
        "/admin/decisions/",
        "/admin/booking/restriction/add/",
        "/admin/booking/recognition/add/",
    ):
        page.goto(live_server.url + address)
        assert page.url == live_server.url + address
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{address} is {wide} pixels too wide"
        accessible(page)
