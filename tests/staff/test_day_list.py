from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.models import AuditRecord
from booking.acts import ACTS
from booking.enums import Companion, MeetingState, ReservationStatus
from booking.models import OnlineMeeting
from mailing.models import MailState, OutgoingMail
from offices.enums import MeetingSoftware
from tests.factories import NOW, ReservationFactory, jst
from tests.staff.conftest import TOPIC, World

DAY = "/admin/day/?date=2026-06-02"
ROOM_IS_OPEN = {"present", "check-in", "contacted", "phone", "stop", "cancel"}


def meeting_of(reservation, **fields) -> OnlineMeeting:
    defaults = {
        "reservation": reservation,
        "software": MeetingSoftware.ZOOM,
        "host": "host@zoom.example",
        "starts_at": reservation.starts_at,
        "ends_at": reservation.ends_at,
        "requested_at": NOW,
        "next_attempt_at": NOW,
    }
    return OnlineMeeting.objects.create(**{**defaults, **fields})


def html_of(client: Client, address: str = DAY) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_list_names_who_comes_when_and_how_to_reach_them(world: World, client_of: Callable[..., Client]):
    world.reservation.companions = [Companion.FAMILY]
    world.reservation.interpreter_language = "ベトナム語"
    world.reservation.save()
    html = html_of(client_of(world.counselor))
    for text in (
        "10:00〜10:30",
        "髙橋 一郎",
        "たかはし いちろう",
        "090-1234-5678",
        "予約確定",
        "花子",
        "家族",
        "ベトナム語",
    ):
        assert text in html


def test_list_is_in_the_order_of_time(world: World, client_of: Callable[..., Client]):
    shared = {"service": world.reservation.service, "counselor": world.jiro}
    ReservationFactory(**shared, starts_at=jst(6, 2, 16), name="夕方の人")
    ReservationFactory(**shared, starts_at=jst(6, 2, 9), name="朝の人")
    html = html_of(client_of(world.reception))
    assert html.index("朝の人") < html.index("髙橋 一郎") < html.index("夕方の人")


def test_reservations_of_other_days_and_offices_are_not_listed(world: World, client_of: Callable[..., Client]):
    shared = {"service": world.reservation.service, "counselor": world.jiro}
    ReservationFactory(**shared, starts_at=jst(6, 3, 0), name="翌日の人")
    ReservationFactory(**shared, starts_at=jst(6, 1, 23, 30), name="前日の人")
    html = html_of(client_of(world.manager))
    assert "翌日の人" not in html
    assert "前日の人" not in html
    assert "他所" not in html


def test_another_office_is_not_found(world: World, client_of: Callable[..., Client]):
    assert client_of(world.manager).get(f"{DAY}&office=22010").status_code == 404


@pytest.mark.parametrize(
    ("role", "is_shown"),
    [("counselor", True), ("manager", True), ("national", True), ("reception", False)],
)
def test_only_those_who_counsel_read_what_it_is_about(
    world: World, client_of: Callable[..., Client], role: str, is_shown: bool
):
    html = html_of(client_of(getattr(world, role)), f"{DAY}&office=13010")
    assert (TOPIC in html) is is_shown
    assert ("相談内容" in html) is is_shown


def test_reading_the_list_leaves_an_audit_record(world: World, client_of: Callable[..., Client]):
    html_of(client_of(world.reception))
    record = AuditRecord.objects.get(action="day.viewed")
    assert (record.actor, record.subject, record.office_number) == (world.reception, "2026-06-02", "13010")
    assert record.detail == {"reservations": 1}


@pytest.mark.parametrize(
    ("age", "is_marked"),
    [
        pytest.param(timedelta(minutes=14, seconds=59), False, id="one second before 15 minutes"),
        pytest.param(timedelta(minutes=15), True, id="after 15 minutes"),
    ],
)
def test_meeting_that_is_late_is_marked(
    world: World, client_of: Callable[..., Client], age: timedelta, is_marked: bool
):
    meeting_of(world.reservation, requested_at=NOW - age)
    assert ("会議がまだ作成できていません" in html_of(client_of(world.reception))) is is_marked


@pytest.mark.requirement("S-25", "X-14")
@pytest.mark.parametrize(("state", "is_marked"), [(MailState.FAILED, True), (MailState.QUEUED, False)])
def test_mail_that_failed_is_marked(world: World, client_of: Callable[..., Client], state: str, is_marked: bool):
    OutgoingMail.objects.create(
        kind="x", cause=str(world.reservation.uuid), to="a@mail.example", state=state, due_at=NOW
    )
    assert ("送信できなかったメールがあります" in html_of(client_of(world.reception))) is is_marked


@pytest.mark.requirement("S-11")
def test_running_session_shows_minutes_left_and_the_next_one(world: World, client_of: Callable[..., Client], freeze):
    ReservationFactory(service=world.reservation.service, counselor=world.hanako, starts_at=jst(6, 2, 10, 30))
    freeze(jst(6, 2, 10, 20))
    html = html_of(client_of(world.counselor))
    assert "残り10分" in html
    assert "次の予約 10:30" in html


@pytest.mark.parametrize(
    ("moment", "offered"),
    [
        pytest.param(jst(6, 2, 9, 49, 59), {"contacted", "cancel"}, id="before the room opens"),
        pytest.param(jst(6, 2, 9, 50), {*ROOM_IS_OPEN}, id="from ten minutes before the start"),
        pytest.param(jst(6, 2, 10), {*ROOM_IS_OPEN, "complete", "office-absent"}, id="from the start"),
        pytest.param(
            jst(6, 2, 10, 10), {*ROOM_IS_OPEN, "complete", "office-absent", "no-show"}, id="from ten minutes later"
        ),
        pytest.param(
            jst(6, 2, 10, 30), {"contacted", "complete", "cancel", "office-absent", "no-show"}, id="after the end"
        ),
    ],
)
def test_buttons_fit_the_moment(
    world: World, client_of: Callable[..., Client], freeze, moment: datetime, offered: set[str]
):
    freeze(moment)
    html = html_of(client_of(world.counselor))
    base = f"/admin/reservations/{world.reservation.number}"
    assert {act.slug for act in ACTS if f"{base}/{act.slug}/" in html} == offered


def test_buttons_fit_the_state(world: World, client_of: Callable[..., Client]):
    base = f"/admin/reservations/{world.reservation.number}"
    world.reservation.status = ReservationStatus.NO_SHOW
    world.reservation.save()
    html = html_of(client_of(world.counselor))
    assert f"{base}/undo-no-show/" in html
    assert f"{base}/cancel/" not in html


@pytest.mark.parametrize(("role", "is_shown"), [("counselor", True), ("manager", True), ("reception", False)])
def test_host_button_is_for_those_who_counsel(
    world: World, client_of: Callable[..., Client], role: str, is_shown: bool
):
    meeting_of(
        world.reservation, state=MeetingState.OPEN, meeting_id="12345678901", join_url="https://zoom.us/j/1?pwd=x"
    )
    html = html_of(client_of(getattr(world, role)))
    assert (f"/admin/reservations/{world.reservation.number}/host/" in html) is is_shown
    assert "pwd=x" not in html


def test_number_of_queries_does_not_grow_with_the_day(
    world: World, client_of: Callable[..., Client], django_assert_max_num_queries
):
    client = client_of(world.manager)
    with django_assert_max_num_queries(29) as few:
        html_of(client)
    for hour in range(9, 17):
        row = ReservationFactory(service=world.reservation.service, counselor=world.jiro, starts_at=jst(6, 2, hour))
        meeting_of(row)
    with django_assert_max_num_queries(29) as many:
        html_of(client)
    assert len(many) <= len(few)
