"""Staff enter the link of a session, through the pages; the person is told, and the button leads there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.models import AuditRecord
from booking.enums import MailKind, MeetingState, ReservationStatus
from booking.errors import BookingError
from booking.flows.link import enter_link
from booking.models import Reservation, Service
from mailing.models import MailState, OutgoingMail
from mailing.sending import send
from offices.models import Office, Role
from tests.factories import NOW, ServiceFactory, bookable_service, jst
from tests.links.conftest import HOST, OTHER_ROOM, ROOM, booked, link, meeting_of
from tests.staff.conftest import staff

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S-24")]

SignIn = Callable[..., Client]
LISTED = reverse("admin:links")


@pytest.fixture(autouse=True)
def now(freeze: Callable[..., Any]) -> None:
    freeze(NOW)


@pytest.fixture
def receptionist(service: Service) -> User:
    return staff(service.office, Role.RECEPTION, name="受付")


def page_of(reservation: Reservation) -> str:
    return reverse("admin:link", args=[reservation.number])


def mail_of(reservation: Reservation, kind: str) -> OutgoingMail:
    return OutgoingMail.objects.get(cause=str(reservation.uuid), kind=kind)


def test_the_list_shows_the_missing_ones_of_the_own_office_by_time(
    service: Service, receptionist: User, client_of: SignIn
) -> None:
    late = booked(service, starts_at=jst(6, 4, 10), name="遅い 方")
    early = booked(service, name="早い 方")
    done = booked(service, starts_at=jst(6, 3, 10), name="済んだ 方")
    enter_link(done, link=link(), now=NOW)
    of_others = bookable_service(meeting_software="link")
    booked(of_others, name="他所の 方")
    html = client_of(receptionist).get(LISTED).content.decode()
    assert html.index("早い 方") < html.index("遅い 方")
    assert "済んだ 方" not in html
    assert "他所の 方" not in html
    for reservation in (early, late):
        assert page_of(reservation) in html
    assert AuditRecord.objects.filter(action="links.listed").exists()


def test_a_list_that_is_too_long_says_so(
    service: Service, receptionist: User, client_of: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.views.links.MOST_SHOWN", 1)
    booked(service, name="早い 方")
    client, more = client_of(receptionist), "続きが表示されます"
    assert more not in client.get(LISTED).content.decode()
    booked(service, starts_at=jst(6, 4, 10), name="遅い 方")
    html = client.get(LISTED).content.decode()
    assert more in html
    assert "遅い 方" not in html


def test_the_first_page_and_the_day_say_how_many(service: Service, receptionist: User, client_of: SignIn) -> None:
    client = client_of(receptionist)
    addresses = (reverse("admin:index"), reverse("admin:day"))
    assert all("URLの登録待ち" not in client.get(address).content.decode() for address in addresses)
    booked(service)
    assert all("URLの登録待ち 1件" in client.get(address).content.decode() for address in addresses)


def test_what_is_entered_opens_the_row_and_sends_the_mail_that_waited(
    service: Service, receptionist: User, client_of: SignIn, smtp_server: Any
) -> None:
    reservation = booked(service)
    waiting = mail_of(reservation, MailKind.CONFIRMED)
    send(waiting.pk, now=NOW + timedelta(minutes=1))
    assert mail_of(reservation, MailKind.CONFIRMED).state == MailState.QUEUED

    typed = {"url": f" HTTPS://{HOST.upper()}/room/1 ", "number": "12 34", "passcode": "abc"}
    answer = client_of(receptionist).post(page_of(reservation), {**typed, "next": LISTED}, follow=True)

    assert answer.redirect_chain == [(LISTED, 302)]
    row = meeting_of(reservation)
    assert (row.state, row.join_url, row.exclusive_link) == (MeetingState.OPEN, ROOM, ROOM)
    assert (row.meeting_id, row.passcode) == ("12 34", "abc")
    woken = mail_of(reservation, MailKind.CONFIRMED)
    assert (woken.due_at, woken.is_waiting) == (NOW, False)
    send(woken.pk, now=NOW + timedelta(minutes=1))
    body = mail_of(reservation, MailKind.CONFIRMED).body
    assert "参加のしかた" in body
    assert "TeleOffice" in body
    assert "会議の番号: 12 34" in body
    assert ROOM not in body, "the mail leads to the portal"
    record = AuditRecord.objects.get(action="meeting.link_entered")
    assert (record.subject, ROOM in str(record.detail)) == (reservation.number, False)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        pytest.param({"url": ""}, "会議のURLを入力してください。", id="nothing"),
        pytest.param({"url": "https://evil.example/1"}, f"使えるのは {HOST} です", id="another host"),
        pytest.param({"url": ROOM, "number": "1\u20282"}, "見えない文字", id="a line break in the number"),
        pytest.param({"url": ROOM, "passcode": "x" * 21}, "20", id="a long passcode"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    service: Service, receptionist: User, client_of: SignIn, typed: dict[str, str], message: str
) -> None:
    reservation = booked(service)
    html = client_of(receptionist).post(page_of(reservation), {"passcode": "kept", **typed}).content.decode()
    assert message in html
    assert all(f'value="{value}"' in html for value in {"passcode": "kept", **typed}.values() if value)
    assert meeting_of(reservation).state == MeetingState.MISSING


class TestInUse:
    def test_a_session_that_touches_is_named(self, service: Service, receptionist: User, client_of: SignIn) -> None:
        first = booked(service)
        enter_link(first, link=link(), now=NOW)
        second = booked(service, starts_at=first.ends_at)
        html = client_of(receptionist).post(page_of(second), {"url": ROOM}).content.decode()
        assert f"予約 {first.display_number}" in html
        assert meeting_of(second).state == MeetingState.MISSING

    def test_of_another_office_it_is_not(self, service: Service) -> None:
        other = bookable_service(meeting_software="link")
        first = booked(other)
        enter_link(first, link=link(), now=NOW)
        with pytest.raises(BookingError, match="ほかの安定所") as refused:
            enter_link(booked(service), link=link(), now=NOW)
        assert refused.value.code == "link_in_use_elsewhere"
        assert first.display_number not in refused.value.message

    def test_a_room_with_a_lobby_is_safe(self, service: Service, receptionist: User, client_of: SignIn) -> None:
        enter_link(booked(service), link=link(has_lobby=True), now=NOW)
        second = booked(service, counselor=1)
        client_of(receptionist).post(page_of(second), {"url": ROOM, "has_lobby": "on"})
        row = meeting_of(second)
        assert (row.state, row.exclusive_link) == (MeetingState.OPEN, None)

    def test_a_room_said_to_have_none_is_refused_beside_one_that_has(self, service: Service) -> None:
        enter_link(booked(service), link=link(has_lobby=True), now=NOW)
        with pytest.raises(BookingError) as refused:
            enter_link(booked(service, counselor=1), link=link(), now=NOW)
        assert refused.value.code == "link_in_use"

    def test_a_minute_between_is_enough(self, service: Service) -> None:
        first = booked(service)
        enter_link(first, link=link(), now=NOW)
        second = booked(service, starts_at=first.ends_at + timedelta(minutes=1))
        assert enter_link(second, link=link(), now=NOW).state == MeetingState.OPEN

    def test_the_database_has_the_last_word(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        """The twin: without our own question the constraint refuses, and the transaction stays usable."""
        enter_link(booked(service), link=link(), now=NOW)
        second = booked(service, counselor=1)
        monkeypatch.setattr("booking.flows.link._refuse_in_use", lambda *_args, **_more: None)
        with pytest.raises(BookingError) as refused:
            enter_link(second, link=link(), now=NOW)
        assert refused.value.code == "link_in_use_elsewhere"
        assert meeting_of(second).state == MeetingState.MISSING


class TestReplacing:
    def test_it_takes_a_reason_and_tells_the_person(
        self, service: Service, receptionist: User, client_of: SignIn, smtp_server: Any
    ) -> None:
        reservation = booked(service)
        enter_link(reservation, link=link(), now=NOW)
        send(mail_of(reservation, MailKind.CONFIRMED).pk, now=NOW)
        former = meeting_of(reservation)
        client = client_of(receptionist)
        html = client.post(page_of(reservation), {"url": OTHER_ROOM}).content.decode()
        assert "差し替える理由を入力してください。" in html
        assert meeting_of(reservation).pk == former.pk

        client.post(page_of(reservation), {"url": OTHER_ROOM, "reason": "部屋が使えないため"})

        row = meeting_of(reservation)
        assert (row.join_url, row.state) == (OTHER_ROOM, MeetingState.OPEN)
        former.refresh_from_db()
        assert (former.state, "部屋が使えないため" in former.error) == (MeetingState.CLOSED, True)
        mail = mail_of(reservation, MailKind.NEW_LINK)
        assert (mail.due_at, mail.occurrence) == (NOW, f"meeting {row.pk}")
        send(mail.pk, now=NOW)
        mail.refresh_from_db()
        assert mail.state == MailState.SENT
        assert "URLが変わりました" in mail.body
        assert OTHER_ROOM not in mail.body
        assert AuditRecord.objects.filter(action="meeting.link_replaced").exists()

    def test_the_former_link_is_free_again(self, service: Service) -> None:
        reservation = booked(service)
        enter_link(reservation, link=link(), now=NOW)
        enter_link(reservation, link=link(OTHER_ROOM), now=NOW, reason="x")
        assert enter_link(booked(service, counselor=1), link=link(), now=NOW).state == MeetingState.OPEN


def test_staff_who_move_a_session_are_led_to_its_missing_link(
    service: Service, receptionist: User, client_of: SignIn
) -> None:
    reservation = booked(service)
    enter_link(reservation, link=link(), now=NOW)
    typed = {"day": "2026-06-03", "clock": "10:00", "counselor": reservation.counselor_id, "reason": "会議のため"}
    answer = client_of(receptionist).post(reverse("admin:move", args=[reservation.number]), typed, follow=True)
    assert meeting_of(reservation).state == MeetingState.MISSING
    assert f'<a href="{page_of(reservation)}">URLを登録してください</a>' in answer.content.decode()


@pytest.mark.parametrize("why", ["cancelled", "over", "by Zoom"])
def test_where_no_link_is_wanted_none_is_taken(service: Service, why: str) -> None:
    reservation, now = booked(service), NOW
    match why:
        case "cancelled":
            Reservation.objects.filter(pk=reservation.pk).update(status=ReservationStatus.CANCELLED_BY_OFFICE)
        case "over":
            now = reservation.ends_at
        case _:
            reservation = booked(bookable_service())
    with pytest.raises(BookingError) as refused:
        enter_link(reservation, link=link(), now=now)
    assert refused.value.code == "link_not_wanted"


def test_until_its_end_a_session_may_get_one(service: Service) -> None:
    reservation = booked(service)
    last = reservation.ends_at - timedelta(seconds=1)
    assert enter_link(reservation, link=link(), now=last).state == MeetingState.OPEN


def test_another_office_does_not_exist(service: Service, client_of: SignIn) -> None:
    reservation = booked(service)
    foreigner = staff(ServiceFactory.create().office, Role.MANAGER, name="他所")
    assert client_of(foreigner).get(page_of(reservation)).status_code == 404
    assert client_of(foreigner).post(page_of(reservation), {"url": ROOM}).status_code == 404


def test_who_has_no_mail_address_must_be_called(service: Service, receptionist: User, client_of: SignIn) -> None:
    reservation = booked(service)
    reservation.seeker.email = ""
    reservation.seeker.save(update_fields=["email"])
    answer = client_of(receptionist).post(page_of(reservation), {"url": ROOM, "next": LISTED}, follow=True)
    assert "電話で伝えてください" in answer.content.decode()


class TestPoolOfTheOffice:
    ADD = reverse("admin:booking_meetinglink_add")

    def typed(self, office: Office, **more: Any) -> dict[str, Any]:
        return {"office": office.pk, "name": "相談室1", "url": ROOM, "is_active": "on", **more}

    def test_the_manager_adds_a_room(self, service: Service, client_of: SignIn) -> None:
        manager = staff(service.office, Role.MANAGER, name="所長")
        client_of(manager).post(self.ADD, self.typed(service.office, url=f"https://{HOST.upper()}:443/room/1"))
        assert service.office.meeting_links.get().url == ROOM

    @pytest.mark.parametrize("url", ["https://evil.example/1", f"http://{HOST}/1", f"https://a:b@{HOST}/1"])
    def test_by_the_same_rule(self, service: Service, client_of: SignIn, url: str) -> None:
        manager = staff(service.office, Role.MANAGER, name="所長")
        assert client_of(manager).post(self.ADD, self.typed(service.office, url=url)).status_code == 200
        assert not service.office.meeting_links.exists()

    def test_a_changed_room_names_the_reservations_that_keep_the_old_one(
        self, service: Service, pool: Any, client_of: SignIn
    ) -> None:
        room = pool()
        reservation = booked(service, name="髙橋 一郎")
        manager = staff(service.office, Role.MANAGER, name="所長")
        address = reverse("admin:booking_meetinglink_change", args=[room.pk])
        answer = client_of(manager).post(address, self.typed(service.office, url=OTHER_ROOM), follow=True)
        assert "髙橋 一郎" in answer.content.decode()
        assert meeting_of(reservation).join_url == ROOM


def test_a_service_by_link_without_allowed_hosts_gives_a_warning(
    service: Service, client_of: SignIn, settings: Any
) -> None:
    manager = staff(service.office, Role.MANAGER, name="所長")
    address = reverse("admin:booking_service_change", args=[service.pk])
    typed = {
        name: value if value is not None else ""
        for name, value in Service.objects.values(
            "office", "name", "meeting_software", "software_name", "phone_caller", "terms", "software_terms", "position"
        )
        .get(pk=service.pk)
        .items()
    }
    client = client_of(manager)
    assert "まだ決まっていません" not in client.post(address, typed, follow=True).content.decode()
    settings.MEETING_LINK_HOSTS = []
    assert "まだ決まっていません" in client.post(address, typed, follow=True).content.decode()
