"""The day of the session: the room opens by the rules of the day, staff stop, switch to the telephone, and end it."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.models import AuditRecord
from booking.enums import Ground, MeetingState, Outcome, ReservationStatus
from booking.errors import BookingError
from booking.flows.check_in import switch_to_phone
from booking.flows.complete import complete, record_outcome
from booking.flows.stop import stop
from booking.models import Reservation
from booking.periodic import complete_past_sessions
from mailing.models import OutgoingMail
from terms.consent import portal_documents
from terms.models import TermsKind
from tests.factories import ReservationFactory, TermsDocumentFactory, TermsVersionFactory, change_rules, jst
from tests.seeker.conftest import agree
from tests.staff.conftest import World
from tests.staff.test_day_list import meeting_of

TEN = jst(6, 2, 10)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
NOTE = "次回は職務経歴書を一緒に見る"


def again(reservation: Reservation) -> Reservation:
    return Reservation.objects.get(pk=reservation.pk)


def page_of(client: Client, reservation: Reservation) -> str:
    return client.get(f"/admin/booking/reservation/{reservation.pk}/change/").content.decode()


def act(reservation: Reservation, slug: str) -> str:
    return f"/admin/reservations/{reservation.number}/{slug}/"


@pytest.fixture
def own_browser(world: World) -> Callable[[], Client]:
    """Signs the person in now, who agreed to the portal's terms."""
    TermsVersionFactory.create(document=TermsDocumentFactory.create(kind=TermsKind.PORTAL))
    agree(world.reservation.seeker, portal_documents())

    def sign_in() -> Client:
        client = Client()
        client.force_login(world.reservation.seeker)
        return client

    return sign_in


# --- Entering ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S-06")
@pytest.mark.parametrize(
    ("moment", "is_in"),
    [
        pytest.param(TEN - 5 * MINUTE - SECOND, False, id="one second before five minutes to"),
        pytest.param(TEN - 5 * MINUTE, True, id="five minutes to"),
    ],
)
def test_the_room_opens_by_the_version_of_the_day(
    world: World, own_browser, client_of, freeze, moment, is_in: bool
) -> None:
    """Through HTTP, for both sides."""
    change_rules(world.reservation.service, in_force_on=TEN.date(), join_opens_minutes=5)
    freeze(moment)
    meeting_of(
        world.reservation, state=MeetingState.OPEN, meeting_id="1", join_url="https://zoom.us/j/1", requested_at=TEN
    )
    assert (
        "「参加する」ボタンが出ます" not in own_browser().get(world.reservation.get_absolute_url()).content.decode()
    ) is is_in
    client_of(world.counselor).post(act(world.reservation, "present"))
    assert (again(world.reservation).counselor_present_at is not None) is is_in
    own_browser().post(f"/reservations/{world.reservation.number}/join/")
    assert (again(world.reservation).status == ReservationStatus.CHECKED_IN) is is_in


@pytest.mark.requirement("U-27")
def test_the_person_is_told_that_one_may_have_to_wait(world: World, own_browser, freeze) -> None:
    freeze(TEN)
    meeting_of(world.reservation, state=MeetingState.OPEN, meeting_id="1", join_url="https://zoom.us/j/1")
    page = own_browser().get(world.reservation.get_absolute_url()).content.decode()
    assert "相談員が入室を許可するまで、少しお待ちいただくことがあります" in page


# --- What the counselor sees ------------------------------------------------------------------------------------------


@pytest.mark.requirement("S-11")
def test_the_page_of_a_running_session_tells_minutes_and_the_next_one(world: World, client_of, freeze) -> None:
    ReservationFactory(service=world.reservation.service, counselor=world.jiro, starts_at=jst(6, 2, 10, 30))
    ReservationFactory(service=world.reservation.service, counselor=world.hanako, starts_at=jst(6, 3, 9))
    freeze(TEN + 20 * MINUTE)
    client = client_of(world.counselor)
    page = page_of(client, world.reservation)
    assert "残り10分" in page
    assert "このあとの予約はありません" in page
    ReservationFactory(service=world.reservation.service, counselor=world.hanako, starts_at=jst(6, 2, 11))
    assert "次の予約 11:00" in page_of(client, world.reservation)


@pytest.mark.requirement("S-11")
def test_a_session_that_takes_longer_says_so(world: World, client_of, freeze) -> None:
    Reservation.objects.filter(pk=world.reservation.pk).update(status=ReservationStatus.CHECKED_IN)
    freeze(TEN + 33 * MINUTE)
    assert "終了時刻を3分過ぎています" in page_of(client_of(world.counselor), world.reservation)


# --- The telephone ----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("H-29", "S-10")
def test_one_click_switches_to_the_telephone_and_shows_the_number(world: World, client_of, freeze) -> None:
    freeze(TEN + MINUTE)
    client = client_of(world.reception)
    back = f"/admin/booking/reservation/{world.reservation.pk}/change/"
    page = client.post(act(world.reservation, "phone"), {"next": back}, follow=True).content.decode()
    row = again(world.reservation)
    assert (row.status, row.switched_to_phone_at, row.checked_in_at) == (
        ReservationStatus.CHECKED_IN,
        TEN + MINUTE,
        TEN + MINUTE,
    )
    assert "この番号へ電話してください" in page
    assert 'href="tel:+819012345678"' in page
    assert "この番号へ電話してください" in client.get("/admin/day/").content.decode()


def test_switching_twice_keeps_the_first_moment(world: World) -> None:
    switch_to_phone(world.reservation, by=world.counselor, now=TEN)
    switch_to_phone(world.reservation, by=world.counselor, now=TEN + MINUTE)
    assert again(world.reservation).switched_to_phone_at == TEN
    assert world.reservation.events.count() == 1


@pytest.mark.parametrize(
    ("moment", "code"), [(TEN - 11 * MINUTE, "join_not_open"), (TEN + 30 * MINUTE, "session_over")]
)
def test_one_switches_only_while_the_session_may_run(world: World, moment: datetime, code: str) -> None:
    with pytest.raises(BookingError) as refused:
        switch_to_phone(world.reservation, by=world.counselor, now=moment)
    assert refused.value.code == code


@pytest.mark.requirement("H-29", "S-10")
def test_what_was_done_by_telephone_stays_known(world: World, client_of, freeze) -> None:
    switch_to_phone(world.reservation, by=world.counselor, now=TEN)
    complete(world.reservation, by=world.counselor, outcome=Outcome.REFERRED, now=TEN + 20 * MINUTE)
    freeze(TEN + 40 * MINUTE)
    client = client_of(world.manager)
    for page in (page_of(client, world.reservation), client.get("/admin/day/").content.decode()):
        assert "電話で実施" in page
    assert "電話で実施" in client.get("/admin/booking/reservation/").content.decode()
    told = {"first_day": "2026-06-02", "last_day": "2026-06-02"}
    file = b"".join(client.post("/admin/export/", told).streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(file))
    assert (row["実施方法"], row["結果"], row["予約の経路"]) == ("電話で実施", "職業紹介を実施", "サイト")


def test_a_guest_known_by_the_phone_alone_is_called(world: World, book_guest, client_of, freeze) -> None:
    reservation = book_guest()
    freeze(TEN)
    for slug, told in (("present", {}), ("phone", {}), ("complete", {"outcome": "done"})):
        client_of(world.counselor).post(act(reservation, slug), told)
    assert again(reservation).status == ReservationStatus.COMPLETED
    assert "電話で実施" in page_of(client_of(world.counselor), reservation)


# --- The end ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("H-29")
def test_staff_say_what_came_of_it(world: World, client_of, freeze) -> None:
    freeze(TEN + 20 * MINUTE)
    client = client_of(world.counselor)
    asked = client.get(act(world.reservation, "complete")).content.decode()
    assert 'value="done" required id="id_outcome_0" checked' in asked
    assert "結果を選んでください" in client.post(act(world.reservation, "complete"), {}).content.decode()
    assert again(world.reservation).status == ReservationStatus.CONFIRMED
    client.post(act(world.reservation, "complete"), {"outcome": "to_be_continued", "internal_note": NOTE})
    row = again(world.reservation)
    assert (row.status, row.outcome, row.internal_note) == (ReservationStatus.COMPLETED, "to_be_continued", NOTE)


@pytest.mark.requirement("H-29")
def test_reception_neither_reads_nor_writes_the_internal_note(world: World, client_of, freeze) -> None:
    Reservation.objects.filter(pk=world.reservation.pk).update(internal_note=NOTE)
    freeze(TEN + 20 * MINUTE)
    client = client_of(world.reception)
    assert NOTE not in client.get(act(world.reservation, "complete")).content.decode()
    client.post(act(world.reservation, "complete"), {"outcome": "done", "internal_note": "書きかえ"})
    assert again(world.reservation).internal_note == NOTE
    pages = [page_of(client, world.reservation), client.get("/admin/day/").content.decode()]
    assert [page for page in pages if NOTE in page] == []
    assert NOTE in page_of(client_of(world.counselor), world.reservation)


def test_the_internal_note_is_in_no_page_of_the_person(world: World, own_browser, freeze) -> None:
    complete(world.reservation, by=world.counselor, outcome=Outcome.DONE, internal_note=NOTE, now=TEN)
    for address in (world.reservation.get_absolute_url(), "/mypage/"):
        assert NOTE not in own_browser().get(address).content.decode()


def test_the_portal_ends_a_session_without_knowing_what_came_of_it(world: World, client_of, freeze) -> None:
    Reservation.objects.filter(pk=world.reservation.pk).update(status=ReservationStatus.CHECKED_IN)
    freeze(TEN + 30 * MINUTE)
    complete_past_sessions()
    assert (again(world.reservation).status, again(world.reservation).outcome) == (ReservationStatus.COMPLETED, "")
    client_of(world.counselor).post(act(world.reservation, "outcome"), {"outcome": "referred", "internal_note": NOTE})
    assert (again(world.reservation).outcome, again(world.reservation).internal_note) == ("referred", NOTE)
    assert world.reservation.events.last().reason == "職業紹介を実施"


def test_what_came_of_it_is_told_only_of_a_session_that_took_place(world: World) -> None:
    with pytest.raises(BookingError) as refused:
        record_outcome(world.reservation, by=world.counselor, outcome=Outcome.DONE, now=TEN)
    assert refused.value.code == "wrong_status"


# --- Stop -------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("J-26", "U-30", "K-33", "H-33", "S-42", "J-32")
@pytest.mark.parametrize("ground", [g for g in Ground if g != Ground.NO_SHOWS])
def test_a_running_session_stops_at_once_and_the_form_of_restriction_follows(
    world: World, client_of, freeze, ground: Ground
) -> None:
    Reservation.objects.filter(pk=world.reservation.pk).update(status=ReservationStatus.CHECKED_IN)
    meeting_of(world.reservation, state=MeetingState.OPEN, meeting_id="12345678901")
    freeze(TEN + 5 * MINUTE)
    client = client_of(world.counselor)
    answer = client.post(act(world.reservation, "stop"), {"ground": ground, "reason": "大声で脅した"}, follow=True)
    row = again(world.reservation)
    assert (row.status, row.stop_ground) == (ReservationStatus.STOPPED, ground)
    assert row.meetings.get().state == MeetingState.CLOSING
    event = row.events.get()
    assert (event.actor, event.reason) == (world.counselor, "大声で脅した")
    assert AuditRecord.objects.filter(action="reservation.stop", subject=row.number).exists()
    form = answer.context["form"]
    assert answer.request["PATH_INFO"] == act(row, "restrict")
    assert (form.initial["ground"], form.initial["reason"]) == (ground, "大声で脅した")
    assert not OutgoingMail.objects.exists()


@pytest.mark.requirement("J-26", "U-30")
@pytest.mark.parametrize(
    ("status", "moment", "code"),
    [
        pytest.param(
            ReservationStatus.CONFIRMED, TEN - 10 * MINUTE - SECOND, "join_not_open", id="before the room opens"
        ),
        pytest.param(ReservationStatus.CONFIRMED, TEN - 10 * MINUTE, None, id="as the room opens"),
        pytest.param(ReservationStatus.CONFIRMED, TEN + 30 * MINUTE, "session_over", id="over, and nobody came"),
        pytest.param(ReservationStatus.CHECKED_IN, TEN + 31 * MINUTE, None, id="takes longer"),
        pytest.param(ReservationStatus.COMPLETED, TEN + 5 * MINUTE, "wrong_status", id="completed"),
    ],
)
def test_what_runs_can_be_stopped(world: World, status: str, moment: datetime, code: str | None) -> None:
    Reservation.objects.filter(pk=world.reservation.pk).update(status=status)
    if code is None:
        assert stop(world.reservation, by=world.counselor, ground=Ground.RECORDING, reason="録画", now=moment)
        return
    with pytest.raises(BookingError) as refused:
        stop(world.reservation, by=world.counselor, ground=Ground.RECORDING, reason="録画", now=moment)
    assert refused.value.code == code


def test_stopping_needs_ground_and_reason(world: World, client_of, freeze) -> None:
    freeze(TEN + 5 * MINUTE)
    page = client_of(world.counselor).post(act(world.reservation, "stop"), {}).content.decode()
    assert "理由の区分を選んでください" in page
    assert "理由を入力してください" in page
    assert again(world.reservation).status == ReservationStatus.CONFIRMED


def test_the_person_reads_that_it_was_the_office(world: World, own_browser, freeze) -> None:
    Reservation.objects.filter(pk=world.reservation.pk).update(status=ReservationStatus.OFFICE_ABSENT)
    page = own_browser().get(world.reservation.get_absolute_url()).content.decode()
    assert "ハローワークの都合で、相談を行えませんでした" in page
    assert "あらためて予約していただけます" in page
