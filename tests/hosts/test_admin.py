"""Who keeps which Zoom users, and what the pages tell."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditRecord
from booking.models import Counselor, HostCalls, MeetingHost
from booking.models.host import day_of_zoom
from offices.models import Bureau
from tests.factories import NOW, CounselorFactory, MeetingHostFactory
from tests.staff.conftest import World, client_of, now, world

__all__ = ["client_of", "now", "world"]
pytestmark = pytest.mark.django_db
LIST = "/admin/booking/meetinghost/"
ClientOf = Callable[..., Client]


def page_of(host: MeetingHost) -> str:
    return f"{LIST}{quote(host.pk)}/change/"


def html_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == HTTPStatus.OK
    return response.content.decode()


def told(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


@pytest.fixture
def bureau_host(world: World) -> MeetingHost:
    world.office.bureau = Bureau.objects.create(code="13", name="見本労働局")
    world.office.save(update_fields=["bureau"])
    return MeetingHost.objects.create(address="kyoyo@bureau.example", bureau=world.office.bureau)


class TestList:
    def test_it_shows_what_a_host_is_used_for(self, world: World, client_of: ClientOf) -> None:
        host = world.hanako.meeting_host
        HostCalls.objects.create(host=host, day=day_of_zoom(NOW), count=7)
        html = html_of(client_of(world.manager), LIST)
        assert host.pk in html
        assert "花子" in html
        assert "7/100" in html
        assert "7回（上限100回" in html_of(client_of(world.manager), page_of(host))
        assert "1件" in html

    def test_other_offices_do_not_exist(self, world: World, client_of: ClientOf) -> None:
        foreign = world.foreign_counselor.meeting_host
        assert foreign.pk not in html_of(client_of(world.manager), LIST)
        assert client_of(world.manager).get(page_of(foreign)).status_code == HTTPStatus.FOUND

    def test_the_hosts_of_the_bureau_are_read_by_the_office(
        self, world: World, bureau_host: MeetingHost, client_of: ClientOf
    ) -> None:
        client = client_of(world.manager)
        assert bureau_host.pk in html_of(client, LIST)
        assert 'name="_save"' not in html_of(client, page_of(bureau_host))
        assert client.post(page_of(bureau_host), {"buffer_minutes": 5}).status_code == HTTPStatus.FORBIDDEN

    def test_the_page_tells_the_next_uses_without_names(self, world: World, client_of: ClientOf) -> None:
        html = html_of(client_of(world.manager), page_of(world.hanako.meeting_host))
        assert "2026年6月2日" in html
        assert world.reservation.name not in html

    def test_the_number_of_queries_does_not_grow(
        self, world: World, client_of: ClientOf, django_assert_num_queries: Any
    ) -> None:
        client = client_of(world.manager)
        html_of(client, LIST)
        with CaptureQueriesContext(connection) as few:
            html_of(client, LIST)
        MeetingHostFactory.create_batch(5, office=world.office)
        with django_assert_num_queries(len(few)):
            html_of(client, LIST)


class TestChange:
    def add(self, client: Client, **fields: Any) -> Any:
        form = {"address": "new@zoom.example", "buffer_minutes": 5, "is_active": "on", **fields}
        return client.post(f"{LIST}add/", form)

    def test_the_manager_adds_one_for_the_office_in_lower_case(self, world: World, client_of: ClientOf) -> None:
        self.add(client_of(world.manager), address="Soudan.A@Zoom.Example", office=world.office.pk)
        host = MeetingHost.objects.get(pk="soudan.a@zoom.example")
        assert (host.office, host.bureau, host.buffer_minutes) == (world.office, None, 5)
        record = AuditRecord.objects.get(action="meetinghost.added")
        assert (record.subject, record.office_number, record.actor) == (host.pk, "13010", world.manager)

    def test_not_for_another_office_nor_for_a_bureau(
        self, world: World, bureau_host: MeetingHost, client_of: ClientOf
    ) -> None:
        self.add(client_of(world.manager), office=world.foreign_office.pk)
        self.add(client_of(world.manager), bureau=bureau_host.bureau_id)
        assert not MeetingHost.objects.filter(pk="new@zoom.example").exists()

    def test_the_national_administrator_adds_one_for_a_bureau(
        self, world: World, bureau_host: MeetingHost, client_of: ClientOf
    ) -> None:
        self.add(client_of(world.national), bureau=bureau_host.bureau_id)
        assert MeetingHost.objects.get(pk="new@zoom.example").bureau == bureau_host.bureau

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            pytest.param({"address": "host"}, "メールアドレス", id="no address"),
            pytest.param({}, "安定所か労働局の、どちらか一方", id="of nobody"),
            pytest.param({"buffer_minutes": 121}, "120", id="too long a buffer"),
        ],
    )
    def test_what_is_wrong_is_said(self, world: World, client_of: ClientOf, fields: dict[str, Any], words: str) -> None:
        assert words in self.add(client_of(world.national), **fields).content.decode()

    def test_an_address_that_is_there_already_is_named(self, world: World, client_of: ClientOf) -> None:
        there = world.hanako.meeting_host
        html = self.add(client_of(world.manager), address=there.pk.upper(), office=world.office.pk).content.decode()
        assert "すでに登録されています" in html

    def test_switching_off_tells_how_many_sessions_use_it(self, world: World, client_of: ClientOf) -> None:
        host = world.hanako.meeting_host
        response = client_of(world.manager).post(page_of(host), {"office": world.office.pk, "buffer_minutes": 0})
        assert "1件" in told(response)
        host.refresh_from_db()
        assert not host.is_active

    def test_the_office_of_an_own_host_stays_that_of_its_counselor(self, world: World, client_of: ClientOf) -> None:
        host = world.hanako.meeting_host
        form = {"office": world.foreign_office.pk, "buffer_minutes": 0, "is_active": "on"}
        html = client_of(world.national).post(page_of(host), form).content.decode()
        assert "先に相談員の設定を変えてください" in html

    def test_one_that_was_never_used_can_be_deleted_and_no_other(self, world: World, client_of: ClientOf) -> None:
        unused = MeetingHostFactory.create(office=world.office)
        client = client_of(world.manager)
        for host in (unused, world.hanako.meeting_host):
            client.post(page_of(host).replace("change", "delete"), {"post": "yes"})
        assert not MeetingHost.objects.filter(pk=unused.pk).exists()
        assert MeetingHost.objects.filter(pk=world.hanako.meeting_host_id).exists()


class TestCounselor:
    def page(self, counselor: Counselor) -> str:
        return f"/admin/booking/counselor/{counselor.pk}/change/"

    def test_only_hosts_that_are_nobody_elses_are_offered(
        self, world: World, bureau_host: MeetingHost, client_of: ClientOf
    ) -> None:
        free = MeetingHostFactory.create(office=world.office)
        html = html_of(client_of(world.manager), self.page(world.hanako))
        for host in (world.hanako.meeting_host, free, bureau_host):
            assert f'<option value="{host.pk}"' in html
        for host in (world.jiro.meeting_host, world.foreign_counselor.meeting_host):
            assert f'<option value="{host.pk}"' not in html

    def test_a_new_counselor_gets_one_of_the_own_office(self, world: World, client_of: ClientOf) -> None:
        foreign = MeetingHostFactory.create(office=world.foreign_office)
        form = {"office": world.office.pk, "name": "三郎", "meeting_host": foreign.pk, "is_active": "on"}
        html = client_of(world.national).post("/admin/booking/counselor/add/", form).content.decode()
        assert "相談員と同じ安定所か、その労働局のZoomのユーザー" in html

    def test_a_host_that_others_will_use_is_given_with_a_warning(self, world: World, client_of: ClientOf) -> None:
        host = MeetingHostFactory.create(office=world.office)
        reservation = world.reservation
        reservation.meeting_host, reservation.host_until = host, reservation.ends_at
        reservation.save(update_fields=["meeting_host", "host_until"])
        form = {"office": world.office.pk, "name": "次郎", "meeting_host": host.pk, "is_active": "on"}
        form |= {"membership": world.jiro.membership_id}
        response = client_of(world.manager).post(self.page(world.jiro), form)
        assert "ほかの相談員が使います" in told(response)


class TestEmptyPool:
    WORDS = "共用のZoomのユーザーがありません"

    @pytest.mark.parametrize("page", [LIST, "/admin/booking/counselor/"])
    def test_the_manager_is_warned(self, world: World, client_of: ClientOf, page: str) -> None:
        service = world.reservation.service
        CounselorFactory.create(office=world.office, services=[service], meeting_host=None)
        assert self.WORDS in html_of(client_of(world.manager), page)
        assert self.WORDS not in html_of(client_of(world.foreigner), page)

    def test_a_pool_or_own_hosts_are_enough(self, world: World, client_of: ClientOf) -> None:
        assert self.WORDS not in html_of(client_of(world.manager), LIST)
        CounselorFactory.create(office=world.office, services=[world.reservation.service], meeting_host=None)
        MeetingHostFactory.create(office=world.office)
        assert self.WORDS not in html_of(client_of(world.manager), LIST)

    def test_where_the_software_is_another_nobody_needs_a_host(self, world: World, client_of: ClientOf) -> None:
        service = world.reservation.service
        service.meeting_software = "phone"
        service.save(update_fields=["meeting_software"])
        CounselorFactory.create(office=world.office, services=[service], meeting_host=None)
        assert self.WORDS not in html_of(client_of(world.manager), LIST)
