"""Ten minutes without the person: the person's no-show only when the office was there; else staff say whose fault it was."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.models import AuditRecord
from booking.enums import Action, MeetingState, ReservationStatus
from booking.errors import BookingError
from booking.evidence import Evidence
from booking.flows.check_in import check_in, mark_contacted, mark_present, note_host
from booking.flows.no_show import decide_no_show, mark_no_show, mark_office_absent
from booking.meetings import provider
from booking.meetings.protocol import MeetingRequest
from booking.models import OnlineMeeting, Reservation
from booking.periodic import cancel_no_shows, complete_past_sessions
from mailing.models import OutgoingMail
from tests.factories import NOW, change_rules, jst
from tests.staff.conftest import World
from tests.staff.test_day_list import meeting_of
from tests.zoom.conftest import zoom_stand_in

__all__ = ["zoom_stand_in"]

TEN = jst(6, 2, 10)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
DUE = TEN + 10 * MINUTE
MAILS = {"no_show", "office_absent", "no_show_warning"}


def again(reservation: Reservation) -> Reservation:
    return Reservation.objects.get(pk=reservation.pk)


def mails_about(reservation: Reservation) -> list[str]:
    rows = OutgoingMail.objects.filter(cause=str(reservation.uuid), kind__in=MAILS)
    return list(rows.order_by("pk").values_list("kind", flat=True))


@pytest.mark.requirement("K-24", "H-27", "S-27", "S-35")
def test_without_a_trace_of_the_office_nobody_is_called_absent(world: World, freeze) -> None:
    freeze(DUE)
    assert cancel_no_shows() == 0
    row = again(world.reservation)
    assert (row.status, row.needs_decision_since, row.needs_decision) == (ReservationStatus.CONFIRMED, DUE, True)
    assert mails_about(row) == []


def test_a_second_sweep_asks_nobody_again(world: World, freeze) -> None:
    freeze(DUE)
    cancel_no_shows()
    freeze(DUE + MINUTE)
    cancel_no_shows()
    assert mark_no_show(world.reservation.pk, now=DUE + MINUTE) is False
    assert again(world.reservation).needs_decision_since == DUE


@pytest.mark.requirement("K-24", "H-27", "S-27", "S-35")
@pytest.mark.parametrize(
    ("seen_at", "is_no_show"),
    [
        pytest.param(TEN - 10 * MINUTE - SECOND, False, id="before the room opened: somebody only tried the link"),
        pytest.param(TEN - 10 * MINUTE, True, id="as the room opened"),
        pytest.param(DUE - SECOND, True, id="at 9:59"),
        pytest.param(DUE, False, id="at 10:00 the person had waited for ten minutes"),
        pytest.param(None, False, id="never"),
    ],
)
def test_the_office_must_have_been_there_in_time(world: World, seen_at: datetime | None, is_no_show: bool) -> None:
    Reservation.objects.filter(pk=world.reservation.pk).update(counselor_present_at=seen_at)
    assert mark_no_show(world.reservation.pk, now=DUE + MINUTE) is is_no_show


def test_if_the_office_were_always_taken_as_there_the_person_would_be_blamed(world: World, monkeypatch) -> None:
    monkeypatch.setattr(Evidence, "was_office_there", True)
    assert mark_no_show(world.reservation.pk, now=DUE) is True


@pytest.mark.requirement("K-24", "H-27")
@pytest.mark.parametrize("minutes", [5, 15])
def test_the_minutes_are_those_of_the_version_of_the_day(world: World, minutes: int) -> None:
    change_rules(world.reservation.service, in_force_on=TEN.date(), no_show_minutes=minutes)
    mark_present(world.reservation, by=world.counselor, now=TEN)
    assert mark_no_show(world.reservation.pk, now=TEN + minutes * MINUTE - SECOND) is False
    assert mark_no_show(world.reservation.pk, now=TEN + minutes * MINUTE) is True


@pytest.mark.requirement("K-24")
def test_opening_the_host_link_shows_that_the_office_is_there(world: World, client_of, freeze, zoom_stand_in) -> None:
    meeting = meeting_of(world.reservation, software="zoom")
    wanted = MeetingRequest(
        host="host@zoom.example", starts_at=TEN, minutes=30, topic="オンライン職業相談", ref=meeting.ref
    )
    opened = provider(meeting.software).create(wanted, now=NOW)
    OnlineMeeting.objects.update(state=MeetingState.OPEN, meeting_id=opened.meeting_id)
    freeze(TEN - MINUTE)
    response = client_of(world.counselor).post(f"/admin/reservations/{world.reservation.number}/host/")
    assert response.url.startswith(zoom_stand_in.url)
    assert again(world.reservation).counselor_present_at == TEN - MINUTE
    assert again(world.reservation).events.get().action == Action.MARK_PRESENT


def test_opening_the_host_link_the_day_before_shows_nothing(world: World) -> None:
    note_host(world.reservation, by=world.counselor, now=TEN - timedelta(days=1))
    assert again(world.reservation).counselor_present_at is None


def test_the_person_alone_is_no_trace_of_the_office(world: World) -> None:
    check_in(world.reservation, by=world.reservation.seeker, now=TEN)
    assert again(world.reservation).counselor_present_at is None


def test_staff_who_record_the_entry_are_there(world: World) -> None:
    check_in(world.reservation, by=world.reception, now=TEN)
    assert again(world.reservation).counselor_present_at == TEN


@pytest.mark.parametrize(
    ("moment", "code"), [(TEN - 10 * MINUTE - SECOND, "join_not_open"), (TEN + 30 * MINUTE, "session_over")]
)
def test_one_waits_only_while_the_room_is_open(world: World, moment: datetime, code: str) -> None:
    with pytest.raises(BookingError) as refused:
        mark_present(world.reservation, by=world.counselor, now=moment)
    assert refused.value.code == code


def test_waiting_twice_keeps_the_first_moment_and_leaves_one_event(world: World) -> None:
    mark_present(world.reservation, by=world.counselor, now=TEN - MINUTE)
    mark_present(world.reservation, by=world.reception, now=TEN + MINUTE)
    assert again(world.reservation).counselor_present_at == TEN - MINUTE
    assert world.reservation.events.count() == 1


def test_one_that_was_moved_after_the_question_waits_anew(world: World) -> None:
    mark_no_show(world.reservation.pk, now=DUE)
    later = TEN + timedelta(days=1)
    Reservation.objects.filter(pk=world.reservation.pk).update(
        starts_at=later, ends_at=later + 30 * MINUTE, host_until=later + 30 * MINUTE
    )
    assert again(world.reservation).needs_decision is False
    mark_no_show(world.reservation.pk, now=later + 10 * MINUTE)
    assert again(world.reservation).needs_decision_since == later + 10 * MINUTE


# --- Staff decide -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("K-24", "H-27", "S-27", "S-35")
@pytest.mark.parametrize(
    ("moment", "code"), [pytest.param(DUE - SECOND, "not_due_yet", id="9:59"), pytest.param(DUE, None, id="10:00")]
)
def test_staff_call_somebody_absent_from_ten_minutes_on(world: World, moment: datetime, code: str | None) -> None:
    if code is None:
        decide_no_show(world.reservation, by=world.counselor, reason="電話もなし", now=moment)
        assert again(world.reservation).status == ReservationStatus.NO_SHOW
        assert mails_about(world.reservation) == ["no_show"]
        return
    with pytest.raises(BookingError, match="開始から10分") as refused:
        decide_no_show(world.reservation, by=world.counselor, reason="電話もなし", now=moment)
    assert refused.value.code == code


@pytest.mark.requirement("K-24")
def test_who_has_called_cannot_be_called_absent_by_staff_either(world: World) -> None:
    mark_contacted(world.reservation, by=world.reception, now=TEN)
    with pytest.raises(BookingError) as refused:
        decide_no_show(world.reservation, by=world.counselor, reason="来なかった", now=DUE)
    assert refused.value.code == "in_contact"


@pytest.mark.parametrize("flow", [decide_no_show, mark_office_absent])
def test_every_decision_needs_a_reason(world: World, flow) -> None:
    with pytest.raises(BookingError) as refused:
        flow(world.reservation, by=world.counselor, reason="  ", now=DUE)
    assert refused.value.code == "reason_missing"


@pytest.mark.requirement("K-24", "H-27", "S-35")
def test_the_fault_of_the_office_is_told_with_an_apology_and_closes_the_meeting(world: World) -> None:
    meeting_of(world.reservation, state=MeetingState.OPEN, meeting_id="12345678901")
    mark_office_absent(world.reservation, by=world.manager, reason="停電", now=DUE)
    assert again(world.reservation).status == ReservationStatus.OFFICE_ABSENT
    assert world.reservation.meetings.get().state == MeetingState.CLOSING
    assert mails_about(world.reservation) == ["office_absent"]
    event = world.reservation.events.get()
    assert (event.actor, event.reason) == (world.manager, "停電")


def test_a_no_show_turns_into_the_fault_of_the_office_when_staff_know_better(world: World) -> None:
    decide_no_show(world.reservation, by=world.counselor, reason="来なかった", now=DUE)
    mark_office_absent(world.reservation, by=world.counselor, reason="相談員が別の部屋にいた", now=DUE + MINUTE)
    assert again(world.reservation).status == ReservationStatus.OFFICE_ABSENT
    assert OutgoingMail.objects.get(kind="office_absent").context["was_no_show"] is True


def test_before_the_start_an_office_cancels_instead(world: World) -> None:
    with pytest.raises(BookingError) as refused:
        mark_office_absent(world.reservation, by=world.counselor, reason="停電", now=TEN - SECOND)
    assert refused.value.code == "session_not_started"


def test_what_waits_for_a_decision_is_not_completed_by_the_portal(world: World, freeze) -> None:
    freeze(DUE)
    cancel_no_shows()
    freeze(TEN + timedelta(hours=1))
    assert complete_past_sessions() == 0
    assert again(world.reservation).needs_decision


def test_contact_settles_the_question(world: World) -> None:
    mark_no_show(world.reservation.pk, now=DUE)
    mark_contacted(again(world.reservation), by=world.reception, now=DUE + MINUTE)
    assert not Reservation.objects.needing_decision().exists()


# --- The list ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("K-24")
def test_the_list_offers_the_three_answers(world: World, client_of, freeze) -> None:
    mark_no_show(world.reservation.pk, now=DUE)
    freeze(DUE + MINUTE)
    page = client_of(world.counselor).get("/admin/decisions/").content.decode()
    assert "髙橋 一郎" in page
    for slug in ("contacted", "office-absent", "no-show"):
        assert f"/admin/reservations/{world.reservation.number}/{slug}/" in page
    assert AuditRecord.objects.filter(action="decisions.viewed", actor=world.counselor).exists()


@pytest.mark.parametrize("page", ["/admin/", "/admin/day/"])
def test_pages_of_the_office_count_what_waits(world: World, client_of, freeze, page: str) -> None:
    freeze(DUE + MINUTE)
    client: Client = client_of(world.reception)
    assert "確認が必要な予約" not in client.get(page).content.decode()
    mark_no_show(world.reservation.pk, now=DUE)
    Reservation.objects.filter(pk=world.foreign_reservation.pk).update(status=ReservationStatus.NO_SHOW)
    assert "確認が必要な予約 1件" in client.get(page).content.decode()


def test_reception_is_not_offered_to_blame_anybody(world: World, client_of, freeze) -> None:
    mark_no_show(world.reservation.pk, now=DUE)
    freeze(DUE + MINUTE)
    page = client_of(world.reception).get("/admin/decisions/").content.decode()
    assert f"/{world.reservation.number}/contacted/" in page
    assert f"/{world.reservation.number}/no-show/" not in page
    answer = client_of(world.reception).post(
        f"/admin/reservations/{world.reservation.number}/no-show/", {"reason": "x"}
    )
    assert answer.status_code == 403


def test_the_decision_leads_on_to_what_follows(world: World, client_of, freeze) -> None:
    mark_no_show(world.reservation.pk, now=DUE)
    freeze(DUE + MINUTE)
    address = f"/admin/reservations/{world.reservation.number}"
    answer = client_of(world.manager).post(f"{address}/no-show/", {"reason": "連絡なし"})
    assert answer.url.startswith(f"{address}/consequence/?next=")
    assert AuditRecord.objects.filter(action="reservation.mark_no_show", actor=world.manager).exists()


def test_somebody_known_by_the_phone_alone_must_be_called(world: World, book_guest, client_of, freeze) -> None:
    reservation = book_guest()
    freeze(DUE)
    answer = client_of(world.counselor).post(
        f"/admin/reservations/{reservation.number}/office-absent/", {"reason": "停電"}, follow=True
    )
    assert "電話で伝えてください" in answer.content.decode()
    assert again(reservation).status == ReservationStatus.OFFICE_ABSENT
    assert mails_about(reservation) == []
