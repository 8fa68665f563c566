"""What reception may not read is on no page that reception may open (ASVS 8.2.3)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from booking.enums import Consequence, Ground, ReservationStatus
from booking.flows.consequence import Decision, confirm_no_show
from booking.flows.enter import enter
from booking.flows.restrict import restrict
from booking.flows.stop import stop
from booking.guest_access import passcode_of
from booking.models import Guest, Reservation
from tests.entered.conftest import service, take_down
from tests.factories import NOW, ReservationFactory, jst
from tests.staff.conftest import World

__all__ = ["service", "take_down"]
SECRET = "画面に刃物を映した"


def pages_of(client_of, user, reservation: Reservation) -> str:
    client = client_of(user)
    urls = [
        reverse("admin:booking_reservation_change", args=[reservation.pk]),
        reverse("admin:entered", args=[reservation.number]),
        reverse("admin:decisions"),
        f"{reverse('admin:day')}?date=2026-06-02",
        reverse("admin:booking_restriction_changelist"),
        *[reverse("admin:booking_restriction_change", args=[row.pk]) for row in reservation.restrictions.all()],
    ]
    return "".join(client.get(url).content.decode() for url in urls)


@pytest.fixture
def stopped(world: World, freeze) -> Reservation:
    freeze(jst(6, 2, 10, 5))
    return stop(world.reservation, by=world.counselor, ground=Ground.HINDERING, reason=SECRET, now=jst(6, 2, 10, 5))


def test_reception_does_not_read_why_a_session_was_stopped(client_of, world, stopped) -> None:
    page = pages_of(client_of, world.reception, stopped)
    assert SECRET not in page
    assert str(Ground.HINDERING.label) not in page


def test_who_counsels_reads_why_a_session_was_stopped(client_of, world, stopped) -> None:
    page = pages_of(client_of, world.counselor, stopped)
    assert SECRET in page
    assert str(Ground.HINDERING.label) in page


def test_reception_does_not_read_the_reason_of_a_restriction_in_the_history(client_of, world, freeze) -> None:
    now = freeze(jst(6, 2, 11))
    Reservation.objects.filter(pk=world.reservation.pk).update(status=ReservationStatus.NO_SHOW)
    decision = Decision(
        consequence=Consequence.RESTRICT,
        reason=SECRET,
        text="電話でご相談ください。",
        ends_on=(now + timedelta(9)).date(),
    )
    confirm_no_show(world.reservation, decision=decision, by=world.manager, now=now)
    assert SECRET not in pages_of(client_of, world.reception, world.reservation)
    assert SECRET in pages_of(client_of, world.counselor, world.reservation)


def test_the_passcode_is_told_to_whoever_took_the_reservation_down(client_of, world, take_down) -> None:
    reservation, _rules = enter(take_down(), now=NOW)
    url = reverse("admin:entered", args=[reservation.number])
    assert passcode_of(reservation) in client_of(world.reception).get(url).content.decode()


def test_the_passcode_of_a_guest_who_booked_alone_opens_no_topic_to_reception(client_of, world) -> None:
    guest = Guest.objects.create(email="guest@mail.example")
    reservation = ReservationFactory.create(
        service=world.reservation.service,
        counselor=world.hanako,
        starts_at=jst(6, 3, 10),
        seeker=None,
        guest=guest,
        name="客",
    )
    page = client_of(world.reception).get(reverse("admin:entered", args=[reservation.number])).content.decode()
    assert passcode_of(reservation) not in page


def test_reception_does_not_read_the_ground_of_a_restriction(client_of, world) -> None:
    restrict(
        world.reservation.person,
        office=world.office,
        ground=Ground.HINDERING,
        reason=SECRET,
        text="電話でご相談ください。",
        ends_on=None,
        by=world.manager,
        now=NOW,
        reservation=world.reservation,
    )
    page = pages_of(client_of, world.reception, world.reservation)
    assert "利用制限" in page
    assert str(Ground.HINDERING.label) not in page
    assert SECRET not in page
