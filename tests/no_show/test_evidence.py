"""Who was there decides about absence: automatic only when the person gave no sign and the office's side was there."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from booking.effects.ask_attendance import meetings_to_look_back_at, meetings_to_watch
from booking.enums import Action, ReservationStatus, SeenBy
from booking.evidence import Evidence, evidence_of
from booking.flows.check_in import check_in, mark_present
from booking.flows.no_show import mark_no_show, mark_office_absent
from booking.models import Attendance, OnlineMeeting, Reservation, WebhookDelivery
from booking.periodic import (
    ask_where_offices_are,
    cancel_no_shows,
    complete_past_sessions,
    take_notice,
)
from mailing.models import MailState, OutgoingMail
from mailing.sending import send
from tests.mailing.arrived import text_of
from tests.staff.conftest import World
from tests.webhooks.conftest import (
    TEN,
    event,
    guest,
    host,
    meeting,
    open_meeting_of,
    post,
    webhooks_on,
    zoom_tells,
)

__all__ = ["meeting", "webhooks_on", "zoom_tells"]

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
OPENS = TEN - 10 * MINUTE
DUE = TEN + 10 * MINUTE


@pytest.fixture(autouse=True)
def office_with_address(world: World) -> None:
    world.office.email = "madoguchi@mihon.example"
    world.office.save(update_fields=["email"])


def again(reservation: Reservation) -> Reservation:
    return Reservation.objects.with_facts().get(pk=reservation.pk)


def seen(
    meeting: OnlineMeeting, *, is_host: bool, seen_by: SeenBy = SeenBy.WEBHOOK, key: str = "1", **moments: Any
) -> None:
    Attendance.objects.note(meeting, instance="a", participant=key, is_host=is_host, seen_by=seen_by, **moments)


# --- The office's side ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("K-24", "H-27", "S-27", "S-35")
@pytest.mark.parametrize(
    ("joined_at", "left_at", "was_there"),
    [
        pytest.param(TEN, None, True, id="at the start"),
        pytest.param(DUE - SECOND, None, True, id="at 9:59"),
        pytest.param(DUE, None, False, id="at 10:00 the person had waited for ten minutes"),
        pytest.param(OPENS - 30 * MINUTE, TEN, True, id="early, and stayed"),
        pytest.param(OPENS - 30 * MINUTE, OPENS - SECOND, False, id="early, and gone before the room opened"),
        pytest.param(OPENS - timedelta(hours=2), None, False, id="tried hours before, nobody told when it ended"),
        pytest.param(None, TEN, False, id="only the end is known"),
    ],
)
def test_the_host_in_the_meeting_is_the_office(meeting, joined_at, left_at, was_there: bool) -> None:
    seen(meeting, is_host=True, joined_at=joined_at, left_at=left_at)
    assert evidence_of(again(meeting.reservation)).was_office_there is was_there
    assert mark_no_show(meeting.reservation_id, now=DUE) is was_there


def test_the_start_of_the_meeting_is_enough_when_the_hosts_own_joining_never_comes(meeting, zoom_tells) -> None:
    zoom_tells(event("meeting.started", TEN))
    assert mark_no_show(meeting.reservation_id, now=DUE) is True


def test_of_a_moved_reservation_only_what_happened_at_the_new_time_counts(meeting) -> None:
    seen(meeting, is_host=True, joined_at=TEN)
    later = TEN + timedelta(days=1)
    end = later + 30 * MINUTE
    Reservation.objects.filter(pk=meeting.reservation_id).update(starts_at=later, ends_at=end, host_until=end)
    assert mark_no_show(meeting.reservation_id, now=later + 10 * MINUTE) is False
    assert again(meeting.reservation).needs_decision


# --- The person -------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("K-24", "H-27", "S-27", "S-35")
@pytest.mark.parametrize(
    "moments",
    [
        pytest.param({"joined_at": TEN}, id="in the meeting"),
        pytest.param({"waited_at": OPENS}, id="in the waiting room only"),
        pytest.param({"left_at": DUE}, id="only the leaving is known"),
        pytest.param({"waited_at": OPENS - 20 * MINUTE}, id="early, by number and passcode"),
    ],
)
def test_who_was_in_the_meeting_is_never_called_absent(world: World, meeting, moments) -> None:
    mark_present(world.reservation, by=world.counselor, now=TEN)
    seen(meeting, is_host=False, **moments)
    assert mark_no_show(world.reservation.pk, now=DUE) is False
    row = again(world.reservation)
    assert (row.status, row.contacted_at, row.needs_decision) == (
        ReservationStatus.CONFIRMED,
        min(moments.values()),
        False,
    )
    event_left = row.events.get(action=Action.MARK_CONTACTED)
    assert (event_left.actor, event_left.reason) == (None, "オンライン会議に入った記録があります。")
    assert mark_no_show(world.reservation.pk, now=DUE + MINUTE) is False
    assert row.events.filter(action=Action.MARK_CONTACTED).count() == 1


def test_without_the_question_who_was_in_the_person_would_be_blamed(world: World, meeting, monkeypatch) -> None:
    mark_present(world.reservation, by=world.counselor, now=TEN)
    seen(meeting, is_host=False, joined_at=TEN)
    monkeypatch.setattr(Evidence, "person_seen_at", None)
    assert mark_no_show(world.reservation.pk, now=DUE) is True


def test_a_room_tried_the_day_before_is_no_sign(world: World, meeting) -> None:
    mark_present(world.reservation, by=world.counselor, now=TEN)
    seen(meeting, is_host=False, joined_at=TEN - timedelta(days=1))
    assert mark_no_show(world.reservation.pk, now=DUE) is True


# --- The office was not there -----------------------------------------------------------------------------------------


def told_office() -> list[dict[str, Any]]:
    return list(OutgoingMail.objects.filter(kind="decision_wanted").order_by("pk").values_list("context", flat=True))


@pytest.mark.requirement("K-24")
def test_nobody_came_at_all_the_office_is_told_by_one_mail(world: World, freeze) -> None:
    freeze(DUE)
    for _sweep in range(3):
        cancel_no_shows()
    assert told_office() == [{"person_came": False, "was_no_show": False}]
    mail = OutgoingMail.objects.get(kind="decision_wanted")
    assert mail.to == world.office.email
    assert str(world.reservation.uuid) != mail.cause  # it is not among the mails that the person reads


def test_an_office_without_a_mail_address_sees_it_in_the_list(world: World, freeze) -> None:
    world.office.email = ""
    world.office.save()
    freeze(DUE)
    cancel_no_shows()
    assert told_office() == []
    assert again(world.reservation).needs_decision


def test_the_mail_names_nobody(world: World, freeze, smtp_server) -> None:
    freeze(DUE)
    cancel_no_shows()
    mail = OutgoingMail.objects.get(kind="decision_wanted")
    send(mail.pk, now=DUE)
    text = text_of(smtp_server.messages[-1])
    assert world.reservation.display_number in text
    assert f"/admin/decisions/?office={world.office.number}" in text
    for secret in (world.reservation.name, world.reservation.phone, world.reservation.topic):
        assert secret not in text


def test_a_question_that_was_answered_is_not_mailed_any_more(world: World, freeze, smtp_server) -> None:
    freeze(DUE)
    cancel_no_shows()
    mark_office_absent(world.reservation, by=world.manager, reason="停電", now=DUE)
    mail = OutgoingMail.objects.get(kind="decision_wanted")
    send(mail.pk, now=DUE)
    mail.refresh_from_db()
    assert mail.state == MailState.SUPERSEDED


@pytest.mark.requirement("K-24")
def test_who_waited_in_vain_without_the_button_is_in_contact_and_the_office_is_asked(
    world: World, meeting, freeze
) -> None:
    seen(meeting, is_host=False, waited_at=TEN)
    freeze(DUE)
    assert cancel_no_shows() == 0
    row = again(world.reservation)
    assert (row.contacted_at, row.needs_decision) == (TEN, True)
    assert told_office() == [{"person_came": True, "was_no_show": False}]
    freeze(row.ends_at)
    assert complete_past_sessions() == 0


@pytest.mark.requirement("K-24")
def test_who_pressed_the_button_and_waits_in_vain_makes_the_portal_ask_the_office(
    world: World, meeting, freeze
) -> None:
    check_in(world.reservation, by=world.reservation.seeker, now=TEN)
    freeze(DUE - SECOND)
    assert ask_where_offices_are() == 0
    freeze(DUE)
    assert [ask_where_offices_are() for _sweep in range(2)] == [1, 0]
    assert told_office() == [{"person_came": True, "was_no_show": False}]
    freeze(again(world.reservation).ends_at)
    assert complete_past_sessions() == 0
    mark_office_absent(world.reservation, by=world.manager, reason="停電", now=DUE)
    assert not Reservation.objects.needing_decision().exists()


@pytest.mark.parametrize("software", ["link", "phone"])
def test_software_that_shows_nobody_makes_nobody_ask(world: World, freeze, software) -> None:
    open_meeting_of(world.reservation, software=software)
    check_in(world.reservation, by=world.reservation.seeker, now=TEN)
    freeze(DUE)
    assert ask_where_offices_are() == 0


def test_an_office_that_came_late_is_not_asked(world: World, meeting, freeze) -> None:
    check_in(world.reservation, by=world.reservation.seeker, now=TEN)
    seen(meeting, is_host=True, joined_at=DUE + MINUTE)
    freeze(DUE + 2 * MINUTE)
    assert ask_where_offices_are() == 0


def test_a_host_who_only_tried_the_room_the_day_before_is_missed_all_the_same(world: World, meeting, freeze) -> None:
    the_day_before = TEN - timedelta(days=1)
    seen(meeting, is_host=True, joined_at=the_day_before, left_at=the_day_before + MINUTE)
    check_in(world.reservation, by=world.reservation.seeker, now=TEN)
    freeze(DUE)
    assert ask_where_offices_are() == 1


# --- With webhooks off ------------------------------------------------------------------------------------------------


def test_while_nobody_can_tell_who_is_in_a_running_meeting_staff_decide(world: World, meeting) -> None:
    """Asked for its status, Zoom says that the meeting runs: the person may well be in it, let in by the number."""
    mark_present(world.reservation, by=world.counselor, now=TEN)
    seen(meeting, is_host=True, seen_by=SeenBy.POLL, key="", joined_at=TEN)
    assert mark_no_show(world.reservation.pk, now=DUE) is False
    assert again(world.reservation).needs_decision


def test_otherwise_a_running_session_would_be_closed_under_their_hands(world: World, meeting, monkeypatch) -> None:
    monkeypatch.setattr(Evidence, "nobody_knows_who_is_in", False)
    seen(meeting, is_host=True, seen_by=SeenBy.POLL, key="", joined_at=TEN)
    assert mark_no_show(world.reservation.pk, now=DUE) is True
    assert world.reservation.meetings.get().state == "closing"


def test_the_portal_asks_while_the_two_sides_wait_and_stops_when_the_office_is_seen(world: World, meeting) -> None:
    for moment, is_asked in [(OPENS - SECOND, False), (OPENS, True), (DUE - SECOND, True), (DUE, False)]:
        assert (meetings_to_watch(moment) == [meeting.pk]) is is_asked
    seen(meeting, is_host=True, joined_at=TEN)
    assert meetings_to_watch(TEN) == []


def test_of_what_is_cancelled_or_closed_nothing_is_asked(world: World, meeting) -> None:
    OnlineMeeting.objects.update(state="closing")
    assert meetings_to_watch(TEN) == []
    OnlineMeeting.objects.update(state="open")
    Reservation.objects.update(status=ReservationStatus.CANCELLED_BY_SEEKER)
    assert meetings_to_watch(TEN) == []
    assert meetings_to_look_back_at(again(world.reservation).ends_at + 12 * MINUTE) == []


def test_afterwards_every_meeting_is_asked_about_three_times(world: World, meeting) -> None:
    end = again(world.reservation).ends_at
    runs = [end + minutes * MINUTE + 2 * SECOND for minutes in range(0, 24 * 60, 5)]
    asked = [run for run in runs if meetings_to_look_back_at(run) == [meeting.pk]]
    assert [(run - end) // MINUTE for run in asked] == [10, 30, 120]


def test_after_the_full_hour_of_a_busy_day_none_is_left_out(meeting) -> None:
    facts = {"reservation": meeting.reservation, "software": "zoom", "state": "closed", "meeting_id": "12345678901"}
    times = {"starts_at": TEN, "ends_at": TEN, "requested_at": TEN, "next_attempt_at": TEN}
    OnlineMeeting.objects.bulk_create(OnlineMeeting(**facts, **times) for _session in range(1_000))
    assert len(meetings_to_look_back_at(again(meeting.reservation).ends_at + 12 * MINUTE)) == 1_001


# --- At the same moment -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["the notice", "the sweep"])
def test_notice_and_sweep_at_once_the_lock_of_the_reservation_decides(
    world: World, meeting, webhooks_on, monkeypatch, first: str
) -> None:
    """The one waits for the other: either the stay is known when it is judged, or staff are told that it came too late."""
    mark_present(world.reservation, by=world.counselor, now=TEN)
    post(event("meeting.participant_joined", TEN, participant=guest(TEN)))
    delivery = WebhookDelivery.objects.get().pk
    acts = {
        "the notice": lambda: take_notice(delivery),
        "the sweep": lambda: mark_no_show(world.reservation.pk, now=DUE),
    }
    second = next(act for name, act in acts.items() if name != first)
    done = threading.Event()

    def run() -> None:
        second()
        done.set()
        connection.close()

    with transaction.atomic():
        acts[first]()
        other = threading.Thread(target=run)
        other.start()
        assert not done.wait(0.5)
    other.join(20)
    assert done.is_set()
    row = again(world.reservation)
    if first == "the notice":
        assert (row.status, row.contacted_at) == (ReservationStatus.CONFIRMED, TEN)
        assert told_office() == []
    else:
        assert row.status == ReservationStatus.NO_SHOW
        assert told_office() == [{"person_came": True, "was_no_show": True}]


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_sweep_would_not_wait_for_the_notice(
    world: World, meeting, webhooks_on, monkeypatch
) -> None:
    mark_present(world.reservation, by=world.counselor, now=TEN)
    post(event("meeting.participant_joined", TEN, participant=guest(TEN)))
    monkeypatch.setattr("booking.models.reservation.ReservationQuerySet.lock", lambda rows: rows)
    results: list[bool] = []

    def sweep() -> None:
        results.append(mark_no_show(world.reservation.pk, now=DUE))
        connection.close()

    with transaction.atomic():
        take_notice(WebhookDelivery.objects.get().pk)
        other = threading.Thread(target=sweep)
        other.start()
        other.join(5)
    assert results == [True]


# --- What staff see ---------------------------------------------------------------------------------------------------


def test_the_page_shows_who_was_there_when_without_names(world: World, meeting, client_of, zoom_tells) -> None:
    zoom_tells(
        event("meeting.participant_joined", TEN - MINUTE, participant=host(TEN - MINUTE)),
        event("meeting.participant_joined", TEN, participant=guest(TEN, user_name="覆面 太郎")),
    )
    page = client_of(world.counselor).get(f"/admin/booking/reservation/{world.reservation.pk}/change/").content.decode()
    table = page.split("参加の記録</h2>")[1].split("</table>")[0]
    assert table.index("ハローワーク") < table.index("利用者側の参加者")
    assert "9:59" in table
    assert "Zoomからの通知" in table
    assert "覆面" not in page
