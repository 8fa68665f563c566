"""The meeting row of a reservation whose software takes no commands: from the pool, missing, by telephone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from booking.availability import Slot
from booking.effects.change_meeting import change_meeting
from booking.effects.close_meeting import close_meeting
from booking.effects.open_meeting import open_meeting
from booking.enums import MailKind, MeetingState
from booking.flows.cancel import cancel_by_office
from booking.flows.link import enter_link
from booking.flows.move import move_by_office
from booking.meetings import can, provider
from booking.meetings.errors import CannotBeCommanded
from booking.meetings.protocol import Capability, MeetingRequest
from booking.models import MeetingLink, OnlineMeeting, Reservation, Service
from booking.periodic import wake_up_meetings
from booking.retention import purge_meeting_links
from mailing.models import OutgoingMail
from offices.enums import MeetingSoftware
from tests.factories import NOW, MembershipFactory, jst
from tests.links.conftest import OTHER_ROOM, ROOM, booked, link, meeting_of

pytestmark = pytest.mark.django_db

Pool = Callable[..., MeetingLink]
HALF_AN_HOUR = timedelta(minutes=30)
TEN = jst(6, 2, 10)


def move(reservation: Reservation, starts_at: datetime) -> None:
    slot = Slot(starts_at, starts_at + HALF_AN_HOUR, (reservation.counselor_id,))
    by = MembershipFactory.create(office=reservation.office).user
    move_by_office(reservation, slot=slot, by=by, reason="会議のため", now=NOW)


class TestCommands:
    @pytest.mark.parametrize("software", [MeetingSoftware.LINK, MeetingSoftware.PHONE])
    def test_they_take_none(self, software: MeetingSoftware) -> None:
        assert not any(can(software, capability) for capability in Capability)
        assert provider(software).capabilities == frozenset()
        request = MeetingRequest(host="", starts_at=TEN, minutes=30, topic="x", ref="y")
        for call in (
            lambda of: of.create(request, now=NOW),
            lambda of: of.change("1", request, now=NOW),
            lambda of: of.find_by_ref("", ref="x"),
            lambda of: of.read("1"),
            lambda of: of.cancel("1"),
            lambda of: of.host_url("1"),
            lambda of: of.status("1"),
            lambda of: of.attendance("1", host=""),
            lambda of: of.scheduled(""),
        ):
            with pytest.raises(CannotBeCommanded):
                call(provider(software))

    def test_zoom_takes_all(self) -> None:
        assert all(can(MeetingSoftware.ZOOM, capability) for capability in Capability)

    def test_no_task_ever_takes_such_a_row_up(self, service: Service, phone_service: Service, pool: Pool) -> None:
        """Were one called all the same, it would leave the row as it is."""
        pool()
        rows = [booked(service), booked(service, counselor=1), booked(phone_service)]
        before = list(OnlineMeeting.objects.order_by("pk").values())
        assert {row["state"] for row in before} == {MeetingState.OPEN, MeetingState.MISSING}
        later = NOW + timedelta(hours=1)
        assert not OnlineMeeting.objects.left_behind(later).exists()
        assert wake_up_meetings() == 0
        for reservation in rows:
            for effect in (open_meeting, change_meeting, close_meeting):
                effect(meeting_of(reservation).pk, now=later)
        assert list(OnlineMeeting.objects.order_by("pk").values()) == before


@pytest.mark.requirement("S-19")
class TestPool:
    def test_a_free_link_opens_the_row_at_once(self, service: Service, pool: Pool) -> None:
        room = pool(number="123", passcode="abc")
        row = meeting_of(booked(service))
        assert (row.state, row.link, row.join_url, row.exclusive_link) == (MeetingState.OPEN, room, ROOM, ROOM)
        assert (row.meeting_id, row.passcode, row.host) == ("123", "abc", "")

    @pytest.mark.parametrize(
        ("starts_at", "state"),
        [
            pytest.param(TEN, MeetingState.MISSING, id="at the same time"),
            pytest.param(TEN + HALF_AN_HOUR, MeetingState.MISSING, id="right after it"),
            pytest.param(TEN - HALF_AN_HOUR, MeetingState.MISSING, id="right before it"),
            pytest.param(TEN + HALF_AN_HOUR + timedelta(minutes=1), MeetingState.OPEN, id="a minute after it"),
            pytest.param(TEN - HALF_AN_HOUR - timedelta(minutes=1), MeetingState.OPEN, id="a minute before it"),
        ],
    )
    def test_a_link_never_serves_two_sessions_that_touch(
        self, service: Service, pool: Pool, starts_at: datetime, state: str
    ) -> None:
        pool()
        booked(service)
        assert meeting_of(booked(service, counselor=1, starts_at=starts_at)).state == state

    def test_one_with_a_lobby_serves_them(self, service: Service, pool: Pool) -> None:
        pool(has_lobby=True)
        booked(service)
        row = meeting_of(booked(service, counselor=1))
        assert (row.state, row.exclusive_link) == (MeetingState.OPEN, None)

    def test_rooms_for_one_session_are_taken_first(self, service: Service, pool: Pool) -> None:
        pool(has_lobby=True)
        alone = pool(OTHER_ROOM)
        assert meeting_of(booked(service)).link == alone

    @pytest.mark.parametrize("why", ["switched off", "of another office", "host no longer allowed"])
    def test_what_may_not_be_used_is_not_taken(
        self, service: Service, phone_service: Service, pool: Pool, settings: Any, why: str
    ) -> None:
        match why:
            case "switched off":
                pool(is_active=False)
            case "of another office":
                pool(office=phone_service.office)
            case _:
                pool()
                settings.MEETING_LINK_HOSTS = ["other.example"]
        assert meeting_of(booked(service)).state == MeetingState.MISSING

    def test_a_cancelled_reservation_gives_it_back_at_once(self, service: Service, pool: Pool) -> None:
        pool()
        first = booked(service)
        cancel_by_office(first, by=None, reason="休みのため", now=NOW)
        assert first.meetings.get().state == MeetingState.CLOSED
        assert meeting_of(booked(service, counselor=1)).state == MeetingState.OPEN

    def test_without_the_check_the_database_refuses(self, service: Service, pool: Pool) -> None:
        """The twin: the constraint alone holds, whoever forgets to ask."""
        pool()
        booked(service)
        other = meeting_of(booked(service, counselor=1))
        other.lead_to(ROOM, number="", passcode="", has_lobby=False, now=NOW)
        with pytest.raises(IntegrityError, match="link_serves_one_session_at_a_time"), transaction.atomic():
            other.save()

    def test_a_link_lost_at_the_last_moment_is_tried_with_the_next(
        self, service: Service, pool: Pool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As in a race: the question whether it is free is answered before somebody else commits."""
        pool()
        second = pool(OTHER_ROOM)
        booked(service)
        monkeypatch.setattr("booking.models.meeting.OnlineMeetingQuerySet.is_link_free", lambda *_args: True)
        assert meeting_of(booked(service, counselor=1)).link == second


class TestTelephone:
    def test_nothing_is_to_be_prepared(self, phone_service: Service) -> None:
        reservation = booked(phone_service)
        row = meeting_of(reservation)
        assert (row.state, row.join_url, row.opened_at) == (MeetingState.OPEN, "", NOW)
        mails = OutgoingMail.objects.about(str(reservation.uuid))
        assert not mails.filter(kind=MailKind.LINK_FOLLOWS).exists()
        assert mails.get(kind=MailKind.CONFIRMED).due_at == NOW

    def test_the_row_follows_and_closes(self, phone_service: Service) -> None:
        reservation = booked(phone_service)
        before = meeting_of(reservation)
        move(reservation, TEN + timedelta(hours=2))
        after = meeting_of(reservation)
        assert (after.pk, after.starts_at) == (before.pk, TEN + timedelta(hours=2))
        cancel_by_office(reservation, by=None, reason="休みのため", now=NOW)
        assert reservation.meetings.get().state == MeetingState.CLOSED


class TestMoving:
    def test_a_link_of_the_pool_follows_when_it_is_free_then(self, service: Service, pool: Pool) -> None:
        pool()
        reservation = booked(service)
        before = meeting_of(reservation)
        move(reservation, TEN + HALF_AN_HOUR)
        after = meeting_of(reservation)
        assert (after.pk, after.starts_at, after.join_url) == (before.pk, TEN + HALF_AN_HOUR, ROOM)

    def test_else_another_one_is_taken(self, service: Service, pool: Pool) -> None:
        pool()
        reservation = booked(service)
        booked(service, counselor=1, starts_at=TEN + timedelta(hours=2))
        pool(OTHER_ROOM)
        move(reservation, TEN + timedelta(hours=2))
        after = meeting_of(reservation)
        assert (after.state, after.join_url) == (MeetingState.OPEN, OTHER_ROOM)

    def test_an_entered_link_is_never_reused_for_another_time(self, service: Service) -> None:
        reservation = booked(service)
        enter_link(reservation, link=link(), now=NOW)
        former = meeting_of(reservation)
        move(reservation, TEN + timedelta(hours=2))
        after = meeting_of(reservation)
        assert (after.state, after.join_url, after.exclusive_link) == (MeetingState.MISSING, "", None)
        assert after.pk != former.pk
        mail = OutgoingMail.objects.get(kind=MailKind.NEW_LINK)
        assert (mail.is_waiting, mail.occurrence) == (True, f"meeting {after.pk}")

    def test_a_second_move_is_told_too(self, service: Service) -> None:
        reservation = booked(service)
        for hours in (2, 4):
            enter_link(reservation, link=link(), now=NOW)
            move(Reservation.objects.get(pk=reservation.pk), TEN + timedelta(hours=hours))
        assert OutgoingMail.objects.filter(kind=MailKind.NEW_LINK).count() == 2


def test_another_software_of_the_service_touches_no_row_that_exists(service: Service, pool: Pool) -> None:
    pool()
    reservation = booked(service)
    before = OnlineMeeting.objects.values().get()
    service.meeting_software = MeetingSoftware.PHONE
    service.save()
    assert OnlineMeeting.objects.values().get() == before
    reservation.refresh_from_db()
    cancel_by_office(reservation, by=None, reason="休みのため", now=NOW)
    assert reservation.meetings.get().state == MeetingState.CLOSED


def test_a_day_after_the_session_nothing_of_the_link_is_left(service: Service) -> None:
    reservation = booked(service)
    enter_link(reservation, link=link(number="1", passcode="abc"), now=NOW)
    purge_meeting_links(reservation.ends_at + timedelta(days=1))
    row = reservation.meetings.get()
    assert (row.state, row.join_url, row.passcode, row.exclusive_link) == (MeetingState.CLOSED, "", "", None)
