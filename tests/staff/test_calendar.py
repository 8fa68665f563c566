from collections.abc import Callable
from datetime import date, time

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from booking.agenda import agenda_days, minutes_left, part_on
from booking.enums import ReservationStatus
from booking.models import Absence, Counselor, OpeningWindow
from offices.models import ClosedDay, Role
from tests.factories import CounselorFactory, MembershipFactory, ReservationFactory, jst
from tests.staff.conftest import World


def page(client: Client, query: str = "") -> str:
    response = client.get(f"/admin/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_first_page_of_the_admin_is_this_week_of_ones_own_office(world: World, client_of: Callable[..., Client]):
    html = page(client_of(world.counselor))
    assert "2026年6月1日(月)から6月7日(日)までの予定" in html
    assert "花子" in html
    assert "次郎" in html
    assert "髙橋 一郎" in html
    assert "予約確定" in html


def test_calendar_shows_nothing_of_another_office(world: World, client_of: Callable[..., Client]):
    html = page(client_of(world.counselor))
    assert "他所" not in html


def test_another_office_is_not_found(world: World, client_of: Callable[..., Client]):
    assert client_of(world.counselor).get("/admin/?office=22010").status_code == 404


def test_national_administrator_chooses_any_office(world: World, client_of: Callable[..., Client]):
    assert "他所の相談員" in page(client_of(world.national), "?office=22010")


def test_staff_of_two_offices_choose_between_them(world: World, client_of: Callable[..., Client]):
    MembershipFactory(user=world.counselor, office=world.foreign_office, role=Role.COUNSELOR)
    html = page(client_of(world.counselor))
    assert '<option value="22010"' in html
    assert "他所の相談員" in page(client_of(world.counselor), "?office=22010")


def test_calendar_never_shows_what_the_counseling_is_about(world: World, client_of: Callable[..., Client]):
    assert world.reservation.topic not in page(client_of(world.manager))


def test_one_counselor_can_be_chosen(world: World, client_of: Callable[..., Client]):
    html = page(client_of(world.manager), f"?counselor={world.jiro.pk}")
    assert "髙橋 一郎" not in html


def test_counselor_of_another_office_cannot_be_chosen(world: World, client_of: Callable[..., Client]):
    assert "他所" not in page(client_of(world.manager), f"?counselor={world.foreign_counselor.pk}")


@pytest.mark.parametrize(
    ("week", "first_day"),
    [
        pytest.param("2026-06-08", "2026年6月8日(月)", id="the next week"),
        pytest.param("2026-06-14", "2026年6月8日(月)", id="any day stands for its week"),
        pytest.param("2026-13-40", "2026年6月1日(月)", id="no such day"),
        pytest.param("0001-01-01", "2026年6月1日(月)", id="before any calendar"),
        pytest.param("9999-12-31", "2026年6月1日(月)", id="the last day there is"),
        pytest.param("<script>", "2026年6月1日(月)", id="nonsense"),
    ],
)
def test_week_of_the_address(world: World, client_of: Callable[..., Client], week: str, first_day: str):
    assert f"{first_day}から" in page(client_of(world.manager), f"?week={week}")


def test_closed_days_and_holidays_say_why(world: World):
    ClosedDay.objects.create(office=world.office, day=date(2026, 7, 21), reason="庁舎移転")
    ClosedDay.objects.create(office=world.foreign_office, day=date(2026, 7, 22), reason="他所の休み")
    days = agenda_days(world.office, first_day=date(2026, 7, 20), count=3, today=date(2026, 7, 20))
    assert [day.closed for day in days] == ["祝日・年末年始", "庁舎移転", ""]
    assert [day.is_today for day in days] == [True, False, False]


def test_absence_over_midnight_is_shown_on_both_days(world: World):
    absence = Absence(counselor=world.hanako, starts_at=jst(6, 2, 15), ends_at=jst(6, 4, 0))
    first, second, third = (part_on(absence, date(2026, 6, day)) for day in (2, 3, 4))
    assert first is not None
    assert (first.starts_at, first.ends_at, first.is_whole_day) == (jst(6, 2, 15), jst(6, 3, 0), False)
    assert second is not None
    assert second.is_whole_day
    assert third is None


def test_counselor_gets_links_to_add_only_in_the_own_row(world: World, client_of: Callable[..., Client]):
    html = page(client_of(world.counselor))
    assert f"/admin/booking/openingwindow/add/?counselor={world.hanako.pk}&amp;day=2026-06-01" in html
    assert f"?counselor={world.jiro.pk}&amp;day=" not in html


def test_manager_gets_links_to_add_in_every_row(world: World, client_of: Callable[..., Client]):
    html = page(client_of(world.manager))
    assert f"/admin/booking/absence/add/?counselor={world.hanako.pk}&amp;day=2026-06-07" in html
    assert f"/admin/booking/absence/add/?counselor={world.jiro.pk}&amp;day=2026-06-07" in html


def test_reception_gets_no_links_to_add(world: World, client_of: Callable[..., Client]):
    assert "&amp;day=" not in page(client_of(world.reception))


def test_cancelled_reservations_are_shown_as_such_and_bare_holds_are_not(
    world: World, client_of: Callable[..., Client]
):
    shared = {"service": world.reservation.service, "counselor": world.jiro}
    ReservationFactory(
        **shared, starts_at=jst(6, 3, 10), name="取消 さん", status=ReservationStatus.CANCELLED_BY_SEEKER
    )
    ReservationFactory(
        **shared, starts_at=jst(6, 4, 10), name="仮 さん", status=ReservationStatus.HELD, hold_expires_at=jst(6, 1, 11)
    )
    html = page(client_of(world.manager))
    assert "取消（本人）" in html
    assert "仮 さん" not in html


def test_staff_without_an_office_is_told_whom_to_ask(world: World, client_of: Callable[..., Client]):
    world.counselor.staff_memberships.update(is_active=False)
    assert "所属する安定所が登録されていません" in page(client_of(world.counselor))


def test_number_of_queries_does_not_grow_with_counselors_and_reservations(
    world: World, client_of: Callable[..., Client], django_assert_max_num_queries: DjangoAssertNumQueries
):
    client = client_of(world.manager)
    with django_assert_max_num_queries(26) as few:
        page(client)
    for counselor in CounselorFactory.create_batch(6, office=world.office, services=[world.reservation.service]):
        fill(counselor, world)
    with django_assert_max_num_queries(26) as many:
        assert page(client).count("予約確定") > 12
    assert len(many) <= len(few)


def fill(counselor: Counselor, world: World) -> None:
    OpeningWindow.objects.create(
        counselor=counselor, begins_on=date(2026, 6, 6), ends_on=date(2026, 6, 6), opens=time(9), closes=time(12)
    )
    Absence.objects.create(counselor=counselor, starts_at=jst(6, 5, 9), ends_at=jst(6, 5, 17))
    for day in (2, 3):
        ReservationFactory(service=world.reservation.service, counselor=counselor, starts_at=jst(6, day, 11))


@pytest.mark.requirement("S-11")
@pytest.mark.parametrize(
    ("moment", "left"),
    [
        pytest.param(jst(6, 2, 9, 59, 59), None, id="one second before the start"),
        pytest.param(jst(6, 2, 10), 30, id="at the start"),
        pytest.param(jst(6, 2, 10, 0, 1), 30, id="one second after the start"),
        pytest.param(jst(6, 2, 10, 29), 1, id="one minute before the end"),
        pytest.param(jst(6, 2, 10, 30), None, id="at the end"),
    ],
)
def test_minutes_left_are_known_while_the_session_runs(world: World, moment, left):
    assert minutes_left(world.reservation, now=moment) == left
