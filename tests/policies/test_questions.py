"""What an office asks beside the usual details: shown, required, stored with its words, shown to staff, exported (H-21)."""

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from booking.enums import QuestionKind, ReservationStatus
from booking.errors import BookingError
from booking.flows.hold import hold
from booking.flows.reserve import ReservationDetails, reserve
from booking.models import PolicyVersion, Question, Reservation
from tests.factories import NOW, SeekerFactory, change_rules, jst
from tests.seeker.conftest import Way, agree
from tests.staff.conftest import World

START = jst(6, 2, 10)
ClientOf = Callable[..., Client]
pytestmark = pytest.mark.requirement("H-21")


@pytest.fixture
def version(service: Any) -> PolicyVersion:
    version: PolicyVersion = service.policy_versions.get()
    for position, (label, kind, is_required) in enumerate(
        [("希望する職種", "text", True), ("相談の種類", "choice", True), ("車の免許", "yes_no", False)]
    ):
        Question.objects.create(
            policy=version,
            label=label,
            kind=kind,
            is_required=is_required,
            position=position,
            help_text=f"{label}の説明",
            choices=["応募書類", "面接"] if kind == QuestionKind.CHOICE else [],
        )
    return version


def names(version: PolicyVersion) -> list[str]:
    return [f"question_{question.position}_{question.pk}" for question in version.questions.all()]


def test_the_form_asks_them_in_their_order(way: Way, version: PolicyVersion) -> None:
    page = way.client.get(way.url("details", way.hold(START).number)).content.decode()
    places = [page.index(word) for word in ("希望する職種の説明", "相談の種類の説明", "車の免許の説明")]
    assert places == sorted(places)


def test_answers_are_checked_stored_and_shown_with_their_question(
    way: Way, version: PolicyVersion, world: World, client_of: ClientOf
) -> None:
    held = way.hold(START)
    text, choice, yes_no = names(version)
    way.type(held, **{text: "事務", choice: "面接", yes_no: "yes"})
    check = way.client.get(way.url("check", held.number)).content.decode()
    assert all(word in check for word in ("希望する職種", "事務", "面接", "はい"))
    way.confirm(held)
    held.refresh_from_db()
    assert held.status == ReservationStatus.CONFIRMED
    assert held.answers == [["希望する職種", "事務"], ["相談の種類", "面接"], ["車の免許", "はい"]]
    page = client_of(world.national).get(f"/admin/booking/reservation/{held.pk}/change/").content.decode()
    assert all(word in page for word in ("希望する職種", "事務", "相談の種類", "面接"))


def test_what_is_required_is_asked_for(way: Way, version: PolicyVersion) -> None:
    page = way.type(way.hold(START)).content.decode()
    assert "「希望する職種」に答えてください。" in page
    assert "「相談の種類」に答えてください。" in page
    assert "「車の免許」に答えてください。" not in page


@pytest.mark.parametrize("forged", ["", "なんでも"])
def test_a_choice_that_is_not_offered_is_refused(way: Way, version: PolicyVersion, forged: str) -> None:
    held = way.hold(START)
    text, choice, _yes_no = names(version)
    assert choice in way.type(held, **{text: "事務", choice: forged}).context["form"].errors


@pytest.mark.parametrize(
    ("answers", "is_refused"),
    [
        ([], True),
        ([["希望する職種", "事務"]], True),
        ([["希望する職種", "事務"], ["相談の種類", ""]], True),
        ([["希望する職種", "事務"], ["相談の種類", "面接"]], False),
    ],
    ids=["none", "one of two", "an empty one", "both"],
)
def test_the_flow_refuses_what_skipped_the_form(service, version, answers: list[list[str]], is_refused: bool) -> None:
    seeker = SeekerFactory.create()
    agree(seeker, [service.terms, service.software_terms])
    held = hold(service=service, starts_at=START, seeker=seeker, now=NOW)
    details = ReservationDetails(name="花子", phone="090", phone_e164="+81", answers=answers)
    if not is_refused:
        assert reserve(held, details=details, now=NOW).answers == answers
        return
    with pytest.raises(BookingError) as refused:
        reserve(held, details=details, now=NOW)
    assert refused.value.code == "details_missing"


@pytest.mark.parametrize(("days", "is_asked"), [(0, True), (1, False)], ids=["of the day of booking", "of tomorrow"])
def test_the_questions_of_the_day_of_booking_are_asked(way: Way, days: int, is_asked: bool) -> None:
    version = change_rules(way.service, in_force_on=date(2026, 6, 1) + timedelta(days=days))
    Question.objects.create(policy=version, label="新しい質問")
    page = way.client.get(way.url("details", way.hold(jst(6, 3, 10)).number)).content.decode()
    assert ("新しい質問" in page) is is_asked


def test_a_later_change_of_the_question_changes_no_answer(way: Way, version: PolicyVersion) -> None:
    held = way.hold(START)
    text, choice, _yes_no = names(version)
    way.type(held, **{text: "事務", choice: "面接"})
    way.confirm(held)
    later = change_rules(way.service, in_force_on=date(2026, 6, 2))
    Question.objects.create(policy=later, label="希望の仕事")
    held.refresh_from_db()
    assert held.answers[0] == ["希望する職種", "事務"]


def exported(client: Client) -> list[str]:
    answer = client.post("/admin/export/", {"first_day": "2026-06-01", "last_day": "2026-06-07"})
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    return [row["たずねた項目"] for row in csv.DictReader(io.StringIO(content, newline=""))]


@pytest.mark.parametrize(
    ("answers", "cell"),
    [
        ([], ""),
        ([["希望する職種", "事務"], ["車の免許", "はい"]], "希望する職種: 事務; 車の免許: はい"),
        ([["=1+1", "x"]], "'=1+1: x"),
        ([["改行", "一\n二"]], "改行: 一\n二"),
    ],
    ids=["none", "two", "formula", "two lines"],
)
def test_answers_are_exported_in_one_column(world: World, client_of: ClientOf, answers, cell: str) -> None:
    Reservation.objects.filter(pk=world.reservation.pk).update(answers=answers)
    assert exported(client_of(world.reception)) == [cell]
