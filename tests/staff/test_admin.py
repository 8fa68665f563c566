"""The lists and forms of the Django admin: own office only, choices limited, reservations read-only."""

from collections.abc import Callable
from datetime import date

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, transaction
from django.test import Client

from audit.models import AuditRecord
from booking.enums import ReservationStatus
from booking.models import Absence, OpeningWindow, Reservation, ReservationEvent, Service
from offices.models import ClosedDay
from tests.factories import jst
from tests.staff.conftest import TOPIC, World
from tests.staff.test_day_list import meeting_of

ROW = "/admin/booking/reservation/{}/change/"


def html_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


# --- Reservations -----------------------------------------------------------------------------------------------------


def test_reservation_page_shows_history_meeting_and_mails_without_link_and_passcode(world: World, client_of):
    meeting_of(
        world.reservation,
        state="open",
        meeting_id="12345678901",
        join_url="https://zoom.us/j/secret",
        passcode="pass99",
    )
    html = html_of(client_of(world.manager), ROW.format(world.reservation.pk))
    assert "123 4567 8901" in html
    assert "zoom.us/j/secret" not in html
    assert "pass99" not in html


def test_reading_a_reservation_leaves_an_audit_record(world: World, client_of: Callable[..., Client]):
    html_of(client_of(world.reception), ROW.format(world.reservation.pk))
    record = AuditRecord.objects.get(action="reservation.viewed")
    assert (record.actor, record.subject, record.office_number) == (
        world.reception,
        world.reservation.number,
        "13010",
    )


@pytest.mark.parametrize(("role", "is_shown"), [("counselor", True), ("manager", True), ("reception", False)])
def test_only_those_who_counsel_read_what_it_is_about(world: World, client_of, role: str, is_shown: bool):
    html = html_of(client_of(getattr(world, role)), ROW.format(world.reservation.pk))
    assert (TOPIC in html) is is_shown


def test_reservation_of_another_office_is_not_found(world: World, client_of: Callable[..., Client]):
    assert client_of(world.manager).get(ROW.format(world.foreign_reservation.pk)).status_code == 404


@pytest.mark.parametrize("role", ["counselor", "reception", "manager", "national"])
def test_forged_form_changes_nothing(world: World, client_of: Callable[..., Client], role: str):
    before = Reservation.objects.values().get(pk=world.reservation.pk)
    forged = {"status": "completed", "name": "別人", "office": world.foreign_office.pk, "_save": "1"}
    response = client_of(getattr(world, role)).post(ROW.format(world.reservation.pk), forged)
    assert response.status_code == 403
    assert Reservation.objects.values().get(pk=world.reservation.pk) == before


@pytest.mark.parametrize("page", ["add/", "{pk}/delete/"])
def test_no_reservation_is_added_or_deleted_by_hand(world: World, client_of: Callable[..., Client], page: str):
    address = f"/admin/booking/reservation/{page.format(pk=world.reservation.pk)}"
    assert client_of(world.national).post(address, {"post": "yes"}).status_code == 403
    assert Reservation.objects.count() == 2


def test_no_action_deletes_reservations(world: World, client_of: Callable[..., Client]):
    rows = {"action": "delete_selected", "_selected_action": [world.reservation.pk], "post": "yes"}
    client_of(world.national).post("/admin/booking/reservation/", rows)
    assert Reservation.objects.count() == 2


def test_event_is_never_changed_not_even_by_the_database(world: World):
    event = ReservationEvent.objects.create(
        reservation=world.reservation, at=jst(6, 1, 9), action="reserve", to_status=ReservationStatus.CONFIRMED
    )
    event.reason = "書き換え"
    with pytest.raises(IntegrityError), transaction.atomic():
        event.save()


def test_list_counts_and_filters_show_only_the_own_office(world: World, client_of: Callable[..., Client]):
    html = html_of(client_of(world.manager), "/admin/booking/reservation/")
    assert "髙橋 一郎" in html
    assert "他所" not in html


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("髙橋", True),
        ("たかはし", True),
        ("090-1234", True),
        ("{dashed}", True),
        ("{number}", True),
        ("{lower}", True),
        (TOPIC, False),
        ("けが", False),
        ("{foreign}", False),
        ("他所", False),
    ],
)
@pytest.mark.parametrize("role", ["counselor", "reception"])
def test_search_finds_people_and_numbers_of_the_own_office_never_topics(
    world: World, client_of, role: str, query: str, is_found: bool
):
    number = world.reservation.number
    term = query.format(
        dashed=world.reservation.display_number,
        number=number,
        lower=number.lower(),
        foreign=world.foreign_reservation.number,
    )
    response = client_of(getattr(world, role)).get("/admin/booking/reservation/", {"q": term})
    found = list(response.context["cl"].queryset)
    assert found == ([world.reservation] if is_found else [])


# --- Opening windows and absences -----------------------------------------------------------------------------------------


def absence_form(counselor, day: int = 2, **fields) -> dict[str, object]:
    return {
        "counselor": counselor.pk,
        "starts_at_0": f"2026-06-{day:02}",
        "starts_at_1": "09:00",
        "ends_at_0": f"2026-06-{day:02}",
        "ends_at_1": "12:00",
        "reason": "研修",
        **fields,
    }


def window_form(counselor, **fields) -> dict[str, object]:
    return {
        "counselor": counselor.pk,
        "weekday": "",
        "begins_on": "2026-06-06",
        "ends_on": "2026-06-06",
        "opens": "10:00",
        "closes": "12:00",
        **fields,
    }


@pytest.mark.parametrize(
    ("role", "target", "is_added"),
    [
        pytest.param("counselor", "hanako", True, id="a counselor the own calendar"),
        pytest.param("counselor", "jiro", False, id="a counselor not a colleague's"),
        pytest.param("counselor", "foreign_counselor", False, id="a counselor not one of another office"),
        pytest.param("manager", "jiro", True, id="the manager every calendar of the office"),
        pytest.param("manager", "foreign_counselor", False, id="the manager not one of another office"),
        pytest.param("reception", "hanako", False, id="reception none"),
        pytest.param("national", "foreign_counselor", True, id="the national administrator every one"),
    ],
)
def test_who_adds_absences_and_windows_for_whom(world: World, client_of, role: str, target: str, is_added: bool):
    client, counselor = client_of(getattr(world, role)), getattr(world, target)
    client.post("/admin/booking/absence/add/", absence_form(counselor))
    client.post("/admin/booking/openingwindow/add/", window_form(counselor))
    assert Absence.objects.filter(counselor=counselor).exists() is is_added
    assert OpeningWindow.objects.filter(counselor=counselor, weekday=None).exists() is is_added


def test_counselor_does_not_hand_a_window_to_a_colleague(world: World, client_of: Callable[..., Client]):
    window = world.hanako.opening_windows.first()
    client_of(world.counselor).post(f"/admin/booking/openingwindow/{window.pk}/change/", window_form(world.jiro))
    window.refresh_from_db()
    assert window.counselor == world.hanako


def test_counselor_does_not_delete_a_colleagues_window(world: World, client_of: Callable[..., Client]):
    window = world.jiro.opening_windows.first()
    client = client_of(world.counselor)
    assert client.post(f"/admin/booking/openingwindow/{window.pk}/delete/", {"post": "yes"}).status_code == 403
    rows = {"action": "delete_selected", "_selected_action": [window.pk], "post": "yes"}
    assert client.post("/admin/booking/openingwindow/", rows).status_code == 403
    assert OpeningWindow.objects.filter(pk=window.pk).exists()


def test_form_from_the_calendar_knows_counselor_and_day(world: World, client_of: Callable[..., Client]):
    client = client_of(world.manager)
    window = client.get(f"/admin/booking/openingwindow/add/?counselor={world.jiro.pk}&day=2026-06-05")
    initial = window.context["adminform"].form.initial
    assert (initial["counselor"], initial["begins_on"], initial["ends_on"]) == (
        str(world.jiro.pk),
        date(2026, 6, 5),
        date(2026, 6, 5),
    )
    absence = html_of(client, f"/admin/booking/absence/add/?counselor={world.jiro.pk}&day=2026-06-05")
    assert 'value="2026/06/05"' in absence or 'value="2026-06-05"' in absence


def test_choices_of_a_form_are_the_own_counselors(world: World, client_of: Callable[..., Client]):
    response = client_of(world.manager).get("/admin/booking/absence/add/")
    offered = set(response.context["adminform"].form.fields["counselor"].queryset)
    assert offered == {world.hanako, world.jiro}


def test_absence_that_hits_a_reservation_warns_and_names_it(world: World, client_of: Callable[..., Client]):
    response = client_of(world.counselor).post("/admin/booking/absence/add/", absence_form(world.hanako))
    [warning] = [str(m) for m in get_messages(response.wsgi_request) if m.level_tag == "warning"]
    assert "髙橋 一郎" in warning
    assert ROW.format(world.reservation.pk) in warning


@pytest.mark.parametrize(
    ("fields", "is_warned"),
    [
        pytest.param({"ends_at_1": "10:00"}, False, id="ends when the session begins"),
        pytest.param({"ends_at_1": "10:01"}, True, id="ends one minute later"),
        pytest.param({"starts_at_1": "10:30"}, False, id="begins when the session ends"),
        pytest.param({"starts_at_1": "10:29"}, True, id="begins one minute earlier"),
    ],
)
def test_warning_follows_the_exact_times(world: World, client_of, fields, is_warned: bool):
    response = client_of(world.counselor).post("/admin/booking/absence/add/", absence_form(world.hanako, **fields))
    assert any(m.level_tag == "warning" for m in get_messages(response.wsgi_request)) is is_warned


def test_window_that_no_longer_holds_a_reservation_warns(world: World, client_of: Callable[..., Client]):
    window = world.hanako.opening_windows.get(weekday=1)
    form = window_form(world.hanako, weekday=1, begins_on="2026-01-01", ends_on="", opens="10:15", closes="17:00")
    response = client_of(world.counselor).post(f"/admin/booking/openingwindow/{window.pk}/change/", form)
    [warning] = [str(m) for m in get_messages(response.wsgi_request) if m.level_tag == "warning"]
    assert "髙橋 一郎" in warning


def test_deleting_the_window_of_a_reservation_warns(world: World, client_of: Callable[..., Client]):
    window = world.hanako.opening_windows.get(weekday=1)
    response = client_of(world.counselor).post(f"/admin/booking/openingwindow/{window.pk}/delete/", {"post": "yes"})
    assert any(m.level_tag == "warning" for m in get_messages(response.wsgi_request))


def test_adding_an_absence_leaves_an_audit_record(world: World, client_of: Callable[..., Client]):
    client_of(world.counselor).post("/admin/booking/absence/add/", absence_form(world.hanako))
    record = AuditRecord.objects.get(action="absence.added")
    assert (record.actor, record.office_number) == (world.counselor, "13010")


# --- Offices, services, closed days -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "office", "is_added"),
    [
        pytest.param("manager", "office", True, id="the manager"),
        pytest.param("manager", "foreign_office", False, id="not for another office"),
        pytest.param("counselor", "office", False, id="not a counselor"),
        pytest.param("reception", "office", False, id="not reception"),
        pytest.param("national", "foreign_office", True, id="the national administrator anywhere"),
    ],
)
def test_who_closes_an_office_for_a_day(world: World, client_of, role: str, office: str, is_added: bool):
    form = {"office": getattr(world, office).pk, "day": "2026-08-10", "reason": "停電"}
    client_of(getattr(world, role)).post("/admin/offices/closedday/add/", form)
    assert ClosedDay.objects.exists() is is_added


@pytest.mark.parametrize("model", ["booking/service", "booking/counselor", "booking/openingwindow", "offices/office"])
@pytest.mark.parametrize("role", ["counselor", "reception", "manager"])
def test_lists_hold_only_rows_of_the_own_office(world: World, client_of, role: str, model: str):
    response = client_of(getattr(world, role)).get(f"/admin/{model}/")
    rows = list(response.context["cl"].queryset)
    offices = {getattr(getattr(row, "counselor", row), "office", row) for row in rows}
    assert offices == {world.office}


def test_service_is_not_moved_to_another_office(world: World, client_of: Callable[..., Client]):
    service = world.reservation.service
    response = client_of(world.manager).post(
        f"/admin/booking/service/{service.pk}/change/", {"office": world.foreign_office.pk}
    )
    service.refresh_from_db()
    assert "office" in response.context["adminform"].form.errors
    assert service.office == world.office


@pytest.mark.parametrize(("role", "status"), [("counselor", 403), ("reception", 403), ("manager", 200)])
def test_only_the_manager_edits_a_service(world: World, client_of, role: str, status: int):
    service = world.reservation.service
    response = client_of(getattr(world, role)).post(f"/admin/booking/service/{service.pk}/change/", {"name": ""})
    assert response.status_code == status
    assert Service.objects.filter(pk=service.pk, name=service.name).exists()
