"""What staff do with a reservation goes through a flow, leaves an event with actor and reason, and an audit record."""

from collections.abc import Callable

import pytest
from django.test import Client

from audit.models import AuditRecord
from booking.acts import ACT_BY_SLUG
from booking.enums import Action, MeetingState, ReservationStatus
from booking.models import Reservation
from tests.factories import jst
from tests.staff.conftest import World
from tests.staff.test_day_list import meeting_of


def address(reservation: Reservation, slug: str) -> str:
    return f"/admin/reservations/{reservation.number}/{slug}/"


def texts(response) -> str:
    return response.content.decode()


@pytest.mark.parametrize(
    ("slug", "moment", "status", "action"),
    [
        ("check-in", jst(6, 2, 9, 55), ReservationStatus.CHECKED_IN, Action.CHECK_IN),
        ("present", jst(6, 2, 9, 55), ReservationStatus.CONFIRMED, Action.MARK_PRESENT),
        ("contacted", jst(6, 2, 9, 55), ReservationStatus.CONFIRMED, Action.MARK_CONTACTED),
        ("phone", jst(6, 2, 10, 5), ReservationStatus.CHECKED_IN, Action.SWITCH_TO_PHONE),
        ("complete", jst(6, 2, 10, 20), ReservationStatus.COMPLETED, Action.COMPLETE),
    ],
)
@pytest.mark.parametrize("role", ["counselor", "reception", "manager", "national"])
def test_one_press_runs_the_flow(world: World, client_of, freeze, role, slug, moment, status, action):
    freeze(moment)
    person = getattr(world, role)
    client_of(person).post(address(world.reservation, slug), {"outcome": "done"})
    world.reservation.refresh_from_db()
    event = world.reservation.events.get()
    assert world.reservation.status == status
    assert (event.action, event.actor, event.at) == (action, person, moment)
    assert AuditRecord.objects.filter(action=f"reservation.{action}", subject=world.reservation.number).exists()


def test_cancelling_needs_a_reason(world: World, client_of: Callable[..., Client]):
    response = client_of(world.reception).post(address(world.reservation, "cancel"), {"reason": "  "})
    world.reservation.refresh_from_db()
    assert "理由を入力してください" in texts(response)
    assert world.reservation.status == ReservationStatus.CONFIRMED


def test_cancelling_with_a_reason_leaves_it_in_the_event(world: World, client_of: Callable[..., Client]):
    client_of(world.reception).post(address(world.reservation, "cancel"), {"reason": "担当者が急病のため"})
    world.reservation.refresh_from_db()
    event = world.reservation.events.get()
    assert world.reservation.status == ReservationStatus.CANCELLED_BY_OFFICE
    assert (event.actor, event.reason) == (world.reception, "担当者が急病のため")


def test_no_show_is_undone_with_a_reason_by_those_who_counsel(world: World, client_of: Callable[..., Client]):
    Reservation.objects.filter(pk=world.reservation.pk).update(status=ReservationStatus.NO_SHOW)
    client_of(world.counselor).post(address(world.reservation, "undo-no-show"), {"reason": "電話があった"})
    world.reservation.refresh_from_db()
    event = world.reservation.events.get()
    assert world.reservation.status == ReservationStatus.CONFIRMED
    assert (event.actor, event.reason) == (world.counselor, "電話があった")


def test_reception_does_not_undo_a_no_show(world: World, client_of: Callable[..., Client]):
    Reservation.objects.filter(pk=world.reservation.pk).update(status=ReservationStatus.NO_SHOW)
    response = client_of(world.reception).post(address(world.reservation, "undo-no-show"), {"reason": "電話"})
    world.reservation.refresh_from_db()
    assert response.status_code == 403
    assert world.reservation.status == ReservationStatus.NO_SHOW


@pytest.mark.parametrize("slug", list(ACT_BY_SLUG))
def test_asking_changes_nothing(world: World, client_of: Callable[..., Client], freeze, slug: str):
    freeze(jst(6, 2, 10, 5))
    assert client_of(world.manager).get(address(world.reservation, slug)).status_code == 200
    assert not world.reservation.events.exists()


@pytest.mark.parametrize("slug", [*ACT_BY_SLUG, "host", "consequence", "restrict"])
def test_reservation_of_another_office_is_not_found(world: World, client_of: Callable[..., Client], slug: str):
    response = client_of(world.manager).post(
        address(world.foreign_reservation, slug), {"reason": "理由", "outcome": "done"}
    )
    assert response.status_code == 404
    assert not world.foreign_reservation.events.exists()


def test_refusal_of_the_flow_is_shown_as_it_is_worded(world: World, client_of: Callable[..., Client]):
    response = client_of(world.counselor).post(address(world.reservation, "complete"), {"outcome": "done"}, follow=True)
    assert "開始時刻の前に「終了」にすることはできません。" in texts(response)


def test_act_leads_back_to_the_page_it_came_from(world: World, client_of: Callable[..., Client]):
    response = client_of(world.counselor).post(
        address(world.reservation, "contacted"), {"next": "/admin/booking/reservation/"}
    )
    assert response.url == "/admin/booking/reservation/"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "https:evil.example", "javascript:alert(1)", "evil.example", "/\x00"],
)
def test_act_never_leads_to_a_foreign_address(world: World, client_of: Callable[..., Client], target: str):
    response = client_of(world.counselor).post(address(world.reservation, "contacted"), {"next": target})
    assert response.url == "/admin/day/?date=2026-06-02&office=13010"


def test_without_a_csrf_token_nothing_happens(world: World, client_of: Callable[..., Client]):
    client = client_of(world.counselor, enforce_csrf_checks=True)
    assert client.post(address(world.reservation, "contacted")).status_code == 403
    assert not world.reservation.events.exists()


def test_several_reservations_are_cancelled_with_one_reason(world: World, client_of: Callable[..., Client]):
    client = client_of(world.manager)
    rows = {"action": "cancel_selected", "_selected_action": [world.reservation.pk, world.foreign_reservation.pk]}
    asked = client.post("/admin/booking/reservation/", rows)
    assert "髙橋 一郎" in texts(asked)
    assert "他所 次郎" not in texts(asked)
    client.post("/admin/booking/reservation/", {**rows, "reason": "停電のため"})
    assert world.reservation.events.get().reason == "停電のため"
    assert not world.foreign_reservation.events.exists()


def test_host_link_is_not_fetched_for_a_meeting_that_is_not_open(world: World, client_of: Callable[..., Client]):
    meeting_of(world.reservation, state=MeetingState.REQUESTED)
    response = client_of(world.counselor).post(address(world.reservation, "host"), follow=True)
    assert "オンライン会議がまだ作成されていません" in texts(response)
    assert not AuditRecord.objects.filter(action="meeting.host_link_opened").exists()


def test_host_link_is_not_for_reception(world: World, client_of: Callable[..., Client]):
    assert client_of(world.reception).post(address(world.reservation, "host")).status_code == 403


def test_host_link_is_never_fetched_by_a_plain_link(world: World, client_of: Callable[..., Client]):
    assert client_of(world.counselor).get(address(world.reservation, "host")).status_code == 405
