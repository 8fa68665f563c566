"""Hand-made requests to the new pages of the staff: other offices, skipped questions, formulas, redirects."""

import csv
import io

import pytest
from django.urls import reverse

from booking.enums import RequestState
from booking.flows.arrange import Wishes, request_session
from booking.flows.reserve import ReservationDetails
from booking.models import PolicyVersion, Reservation, SessionRequest
from tests.factories import NOW, SeekerFactory, bookable_service, jst

DETAILS = ReservationDetails(
    name="見本 花子",
    phone="090-1234-5678",
    phone_e164="+819012345678",
    topic="秘密の相談",
    answers=[["=1+1", "@SUM(A1)"], ["a", "-2"]],
)
TEN = jst(6, 9, 10)


@pytest.fixture
def asked(world) -> SessionRequest:
    service = bookable_service(office=world.office, way="arranged")
    return request_session(
        service=service, seeker=SeekerFactory.create(), wishes=Wishes(starts=[TEN]), details=DETAILS, now=NOW
    )


@pytest.mark.parametrize("page", ["request", "accept_request", "propose", "refuse_request"])
def test_a_request_of_another_office_does_not_exist(client_of, world, asked, page) -> None:
    answer = client_of(world.foreigner).post(reverse(f"admin:{page}", args=[asked.number]), {})
    assert answer.status_code in (404, 405)


def test_reception_reads_no_topic_of_a_request(client_of, world, asked) -> None:
    client = client_of(world.reception)
    for url in (reverse("admin:request", args=[asked.number]), reverse("admin:requests")):
        assert "秘密の相談" not in client.get(url).content.decode()
    assert (
        "秘密の相談" in client_of(world.counselor).get(reverse("admin:request", args=[asked.number])).content.decode()
    )


def test_the_counselor_of_another_office_takes_no_request(client_of, world, asked) -> None:
    sent = {"start": TEN.isoformat(), "counselor": world.foreign_counselor.pk}
    for name in ("accept_request", "propose"):
        client_of(world.reception).post(reverse(f"admin:{name}", args=[asked.number]), sent)
    asked.refresh_from_db()
    assert asked.state == RequestState.RECEIVED


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
@pytest.mark.parametrize("name", ["move", "restrict", "consequence"])
def test_no_page_leads_elsewhere(client_of, world, name, target) -> None:
    url = reverse(f"admin:{name}", args=[world.reservation.number])
    assert target not in client_of(world.manager).get(url, {"next": target}).content.decode()


@pytest.mark.parametrize("name", ["move", "restrict", "consequence", "entered"])
def test_reservations_of_another_office_do_not_exist(client_of, world, name) -> None:
    url = reverse(f"admin:{name}", args=[world.foreign_reservation.number])
    assert client_of(world.manager).get(url).status_code == 404
    assert client_of(world.manager).post(url, {"reason": "x"}).status_code in (404, 405)


def test_nobody_enters_for_the_person_or_the_service_of_another_office(client_of, world) -> None:
    foreign = world.foreign_reservation
    client = client_of(world.reception)
    assert client.get(reverse("admin:enter"), {"after": foreign.number}).status_code == 404
    assert client.post(reverse("admin:enter"), {"service": foreign.service_id}).status_code == 404


@pytest.mark.parametrize("name", ["rules_copy", "rules_difference"])
def test_the_rules_of_another_office_are_not_copied(client_of, world, name) -> None:
    version = world.foreign_reservation.service.versions[0]
    url = reverse(f"admin:{name}", args=[version.pk])
    assert client_of(world.manager).post(url, {"in_force_on": "2026-07-01"}).status_code in (404, 405)


@pytest.mark.parametrize("column", ["name", "kana", "phone", "topic", "answers"])
def test_no_cell_of_the_export_is_a_formula(client_of, world, column) -> None:
    nasty = [["=cmd|' /C calc'!A0", "x"]] if column == "answers" else "=cmd|' /C calc'!A0"
    Reservation.objects.filter(pk=world.reservation.pk).update(**{column: nasty})
    sent = {"first_day": "2026-06-01", "last_day": "2026-06-30"}
    answer = client_of(world.manager).post(reverse("admin:export"), sent)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "cmd" in text
    assert not [cell for row in csv.reader(io.StringIO(text)) for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_a_version_in_force_takes_no_post(client_of, world) -> None:
    version = world.reservation.service.versions[0]
    url = reverse("admin:booking_policyversion_change", args=[version.pk])
    before = PolicyVersion.objects.filter(pk=version.pk).values().get()
    hours = list(version.hours.values())
    sent = {"in_force_on": "2026-07-01", "hours-TOTAL_FORMS": 1, "hours-INITIAL_FORMS": 0, "hours-0-weekday": 6}
    sent |= {
        "hours-0-opens": "09:00",
        "hours-0-closes": "17:00",
        "questions-TOTAL_FORMS": 0,
        "questions-INITIAL_FORMS": 0,
    }
    for user in (world.manager, world.national):
        assert client_of(user).post(url, sent).status_code == 403
        assert (
            client_of(user)
            .post(reverse("admin:booking_policyversion_delete", args=[version.pk]), {"post": "yes"})
            .status_code
            == 403
        )
    assert PolicyVersion.objects.filter(pk=version.pk).values().get() == before
    assert list(version.hours.values()) == hours


@pytest.mark.parametrize(
    "query",
    [
        "ground=hindering",
        "reason__contains=a",
        "text__contains=a",
        "lifted_reason=a",
        "office__reservations__topic__contains=a",
    ],
)
def test_reasons_of_restrictions_are_not_asked_for_by_the_address(client_of, world, query) -> None:
    assert (
        client_of(world.reception).get(reverse("admin:booking_restriction_changelist") + f"?{query}").status_code == 400
    )
