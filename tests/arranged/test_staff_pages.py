"""What staff see of the requests of their office, and answer (H-25, H-16)."""

from http import HTTPStatus

import pytest
from django.urls import reverse

from audit.models import AuditRecord
from booking.enums import BookingWay, RequestState, ReservationStatus, Standing
from booking.flows.arrange import propose, refuse_request
from booking.models import Recognition, Reservation, SessionRequest
from offices.models import Role
from tests.arranged.conftest import TEN
from tests.factories import (
    NOW,
    EmployerFactory,
    ReservationFactory,
    SeekerFactory,
    bookable_service,
    jst,
)
from tests.staff.conftest import client_of, staff

__all__ = ["client_of"]
OTHER = jst(6, 8, 15)


@pytest.fixture
def reception(service):
    return staff(service.office, Role.RECEPTION, name="受付")


@pytest.fixture
def browser(client_of, reception):
    return client_of(reception)


@pytest.fixture
def asked(ask) -> SessionRequest:
    return ask()


def page(browser, asked, **query) -> str:
    return browser.get(reverse("admin:request", args=[asked.number]), query).content.decode()


def press(browser, name: str, asked, **data):
    if "start" in data:
        data["start"] = data["start"].isoformat()
    return browser.post(reverse(f"admin:{name}", args=[asked.number]), data, follow=True).content.decode()


def state_of(asked) -> str:
    asked.refresh_from_db()
    return asked.state


def test_the_list_begins_with_who_waits_longest(browser, ask, reception):
    later = ask(now=NOW)
    earlier = ask(now=jst(5, 30, 9), seeker=SeekerFactory())
    refuse_request(ask(seeker=SeekerFactory()), by=reception, reason="x", now=NOW)
    context = browser.get(reverse("admin:requests")).context
    assert context["waiting"] == [earlier, later]
    assert [row.state for row in context["settled"]] == [RequestState.REFUSED]


def test_the_list_takes_as_many_queries_for_many_as_for_one(browser, ask, django_assert_max_num_queries):
    ask()
    with django_assert_max_num_queries(24) as few:
        browser.get(reverse("admin:requests"))
    for _person in range(4):
        ask(seeker=SeekerFactory())
    with django_assert_max_num_queries(24) as many:
        browser.get(reverse("admin:requests"))
    assert len(many) <= len(few)


def test_the_menu_leads_to_the_requests(browser):
    assert reverse("admin:requests") in browser.get(reverse("admin:day")).content.decode()


def test_each_wish_names_who_is_free_then(browser, asked, service, counselor):
    ReservationFactory(service=service, counselor=counselor, starts_at=TEN)
    colleague = service.counselors.exclude(pk=counselor.pk).get()
    wishes = browser.get(reverse("admin:request", args=[asked.number])).context["wishes"]
    assert [(wish.starts_at, len(wish.counselors)) for wish in wishes] == [(TEN, 1), (jst(6, 4, 14), 2)]
    assert wishes[0].counselors == [colleague]


@pytest.mark.requirement("H-07")
def test_the_named_counselor_is_chosen_beforehand(browser, asked, service, reception):
    named = service.counselors.order_by("pk").last()
    Recognition.objects.create(
        office=service.office,
        seeker=asked.seeker,
        counselor=named,
        reason="x",
        begins_on=NOW.date(),
        granted_by=reception,
        granted_at=NOW,
    )
    assert f'<option value="{named.pk}"\n              selected>' in page(browser, asked)


@pytest.mark.requirement("H-25")
def test_accepting_a_wish(browser, asked, counselor):
    answer = press(browser, "accept_request", asked, start=TEN, counselor=counselor.pk)
    assert "予約を決めました" in answer
    assert Reservation.objects.get().status == ReservationStatus.CONFIRMED
    assert state_of(asked) == RequestState.ACCEPTED


@pytest.mark.requirement("H-25")
def test_proposing_another_time_of_a_chosen_day(browser, asked, counselor):
    assert "15:00（" in page(browser, asked, date="2026-06-08")
    assert "日時を提案しました" in press(browser, "propose", asked, start=OTHER, counselor=counselor.pk)
    assert state_of(asked) == RequestState.PROPOSED
    assert "2026年6月8日(月)" in page(browser, asked)


@pytest.mark.requirement("H-16")
def test_refusing_wants_a_reason(browser, asked):
    assert "理由を入力してください" in press(browser, "refuse_request", asked, reason="")
    assert state_of(asked) == RequestState.RECEIVED
    assert "お断りしました" in press(browser, "refuse_request", asked, reason="窓口をご利用ください")
    asked.refresh_from_db()
    assert (asked.state, asked.reason) == (RequestState.REFUSED, "窓口をご利用ください")


def test_two_answer_at_once_and_the_second_is_told(browser, asked, counselor):
    press(browser, "refuse_request", asked, reason="x")
    answer = press(browser, "accept_request", asked, start=TEN, counselor=counselor.pk)
    assert "「お受けできませんでした」のため" in answer
    assert not Reservation.objects.exists()


@pytest.mark.parametrize(
    "data", [{}, {"start": TEN}, {"start": TEN, "counselor": 0}], ids=["nothing", "no one", "nobody"]
)
def test_a_forged_answer_changes_nothing(browser, asked, data):
    press(browser, "accept_request", asked, **data)
    press(browser, "propose", asked, **data)
    assert state_of(asked) == RequestState.RECEIVED


def test_a_counselor_of_another_service_is_no_answer(browser, asked):
    stranger = bookable_service().counselors.get()
    press(browser, "accept_request", asked, start=TEN, counselor=stranger.pk)
    assert state_of(asked) == RequestState.RECEIVED


def test_staff_are_told_in_their_own_words_that_the_person_is_busy(browser, asked, counselor):
    ReservationFactory(seeker=asked.seeker, starts_at=TEN)
    assert "この方には、同じ時間に別の予約があります" in press(
        browser, "accept_request", asked, start=TEN, counselor=counselor.pk
    )


def test_what_staff_do_and_read_is_recorded(browser, asked, counselor, reception):
    browser.get(reverse("admin:requests"))
    page(browser, asked)
    browser.post(reverse("admin:propose", args=[asked.number]), {"start": OTHER.isoformat(), "counselor": counselor.pk})
    rows = AuditRecord.objects.filter(actor=reception).order_by("pk").values_list("action", "subject", "office_number")
    number = asked.office.number
    assert list(rows) == [
        ("request.listed", "", number),
        ("request.viewed", asked.number, number),
        ("request.proposed", asked.number, number),
    ]


def test_what_was_refused_is_not_recorded(browser, asked, counselor):
    press(browser, "propose", asked, start=jst(6, 1, 9), counselor=counselor.pk)
    assert not AuditRecord.objects.filter(action="request.proposed").exists()


def test_reception_does_not_read_the_topic(browser, client_of, asked):
    assert asked.topic not in page(browser, asked)
    counsels = staff(asked.office, Role.COUNSELOR, name="相談")
    assert asked.topic in page(client_of(counsels), asked)


def test_another_office_sees_nothing(client_of, asked):
    foreign = bookable_service().office
    browser = client_of(staff(foreign, Role.MANAGER, name="他所"))
    assert browser.get(reverse("admin:request", args=[asked.number])).status_code == HTTPStatus.NOT_FOUND
    assert browser.get(reverse("admin:requests")).context["waiting"] == []
    for name in ("accept_request", "propose", "refuse_request"):
        assert browser.post(reverse(f"admin:{name}", args=[asked.number])).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.requirement("S-36")
def test_staff_see_which_company_asks(browser, ask, service):
    own = bookable_service(office=service.office, way=BookingWay.ARRANGED, standings=[Standing.EMPLOYER])
    asked = ask(service=own, seeker=EmployerFactory())
    assert "見本商事（1301-123456-7）" in page(browser, asked)
    reservation = propose(
        asked, starts_at=TEN, counselor=own.counselors.get(), by=staff(own.office, Role.MANAGER, name="所長"), now=NOW
    )
    day = browser.get(reverse("admin:day"), {"date": "2026-06-03"}).content.decode()
    assert "見本商事" in day
    one = browser.get(reverse("admin:booking_reservation_change", args=[reservation.pk])).content.decode()
    assert "見本商事（1301-123456-7）" in one
