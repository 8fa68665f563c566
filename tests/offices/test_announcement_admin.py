from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditRecord
from offices.models import Announcement
from tests.factories import NOW
from tests.offices.conftest import announce
from tests.staff.conftest import World

ADMIN = "/admin/offices/announcement/"
TYPED = {
    "kind": "notice",
    "title": "臨時の相談会",
    "body": "6月10日に開きます。",
    "published_from_0": "2026-06-01",
    "published_from_1": "09:00:00",
}


@pytest.fixture
def manager(world: World, client_of: Callable[..., Client]) -> Client:
    return client_of(world.manager)


@pytest.fixture
def national(world: World, client_of: Callable[..., Client]) -> Client:
    return client_of(world.national)


def act(client: Client, action: str, row: Announcement) -> Any:
    return client.post(ADMIN, {"action": action, "_selected_action": [row.pk]})


def test_the_manager_announces_for_the_own_office(manager: Client, world: World) -> None:
    manager.post(f"{ADMIN}add/", {**TYPED, "office": world.office.pk})
    made = Announcement.objects.get()
    assert (made.office, made.title) == (world.office, "臨時の相談会")
    recorded = AuditRecord.objects.get(action="announcement.added")
    assert (recorded.actor, recorded.office_number) == (world.manager, "13010")


@pytest.mark.parametrize("whose", ["", "foreign"])
def test_the_manager_announces_nothing_for_others_or_the_portal(manager: Client, world: World, whose: str) -> None:
    answer = manager.post(f"{ADMIN}add/", {**TYPED, "office": whose and world.foreign_office.pk})
    assert answer.status_code == 200
    assert not Announcement.objects.exists()


def test_the_national_administrator_announces_for_the_portal(national: Client) -> None:
    national.post(f"{ADMIN}add/", {**TYPED, "office": ""})
    assert Announcement.objects.get().office is None


def test_the_manager_reads_a_national_one_but_does_not_change_it(manager: Client) -> None:
    made = announce()
    assert manager.get(f"{ADMIN}{made.pk}/change/").status_code == 200
    assert manager.post(f"{ADMIN}{made.pk}/change/", {**TYPED, "office": ""}).status_code == 403
    act(manager, "withdraw", made)
    made.refresh_from_db()
    assert (made.title, made.withdrawn_at) == ("夏の相談会", None)


def test_it_is_withdrawn_and_not_deleted(manager: Client, world: World) -> None:
    made = announce(office=world.office)
    assert manager.post(f"{ADMIN}{made.pk}/delete/", {"post": "yes"}).status_code == 403
    act(manager, "withdraw", made)
    made.refresh_from_db()
    assert made.withdrawn_at == NOW
    assert AuditRecord.objects.get(action="announcement.withdrawn").office_number == "13010"


def test_it_may_be_published_again(manager: Client, world: World) -> None:
    made = announce(office=world.office, withdrawn_at=NOW)
    act(manager, "publish_again", made)
    made.refresh_from_db()
    assert made.withdrawn_at is None
    assert AuditRecord.objects.filter(action="announcement.published_again").exists()


def test_a_counselor_is_offered_no_action(world: World, client_of: Callable[..., Client]) -> None:
    made = announce(office=world.office)
    page = client_of(world.counselor).get(ADMIN).content.decode()
    assert "夏の相談会" in page
    assert "取り下げる" not in page
    act(client_of(world.counselor), "withdraw", made)
    made.refresh_from_db()
    assert made.withdrawn_at is None


def test_a_planned_stop_without_times_is_refused_in_words(national: Client) -> None:
    page = national.post(f"{ADMIN}add/", {**TYPED, "kind": "stop"}).content.decode()
    assert "停止の開始と終了を入れてください" in page


def test_a_change_is_on_the_pages_at_once(national: Client, django_capture_on_commit_callbacks: Any) -> None:
    reader = Client()
    reader.get("/help/")
    with django_capture_on_commit_callbacks(execute=True):
        national.post(f"{ADMIN}add/", {**TYPED, "office": "", "is_urgent": "on"})
    assert "臨時の相談会" in reader.get("/help/").content.decode()
