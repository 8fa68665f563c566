"""The page on which staff take down a reservation, through HTTP: calm, quick, and closed to what was forged."""

from datetime import time
from http import HTTPStatus

import pytest

from audit.models import AuditRecord
from booking.enums import Origin, ReservationStatus
from booking.models import Guest, InterpreterHours, Question, Reservation
from mailing.models import MailState, OutgoingMail
from tests.entered.conftest import ENTER, TUESDAY, TYPED, entered, page, start_of
from tests.factories import (
    MONDAY,
    NOW,
    ReservationFactory,
    SeekerFactory,
    ServiceFactory,
    change_rules,
    jst,
)

REASON = "電話で事情を伺ったため"


def typed(**more: str) -> dict[str, str]:
    return {**TYPED, "start": start_of(TUESDAY), **more}


@pytest.mark.requirement("K-15", "S-22", "S-04")
@pytest.mark.parametrize("role", ["counselor", "reception", "manager", "national"])
def test_everybody_of_the_office_takes_one_down(world, service, client_of, role):
    told = typed(email="caller@mail.example", seeker_number="13010-00999999", topic="応募書類", kana="みほん")
    response = client_of(getattr(world, role)).post(f"{ENTER}?office=13010", told)
    reservation = entered()
    assert response.url == f"/admin/reservations/{reservation.number}/entered/"
    assert (reservation.starts_at, reservation.name, reservation.phone_e164) == (TUESDAY, "見本 花子", "+819012345678")
    assert (reservation.email, reservation.seeker_number) == ("caller@mail.example", "13010-00999999")
    assert reservation.status == ReservationStatus.CONFIRMED


def test_the_person_is_told_number_time_and_that_there_is_no_mail(desk):
    shown = page(desk.post(ENTER, typed(), follow=True))
    assert "メールがないため、電話でお伝えください" in shown
    assert entered().display_number in shown
    assert "11:00〜11:30" in shown


def test_the_page_of_somebody_elses_office_does_not_exist(desk, world):
    response = desk.get(f"/admin/reservations/{world.foreign_reservation.number}/entered/")
    assert response.status_code == HTTPStatus.NOT_FOUND


def test_free_times_come_with_the_page_and_those_of_one_counselor_on_demand(desk, world, service):
    assert start_of(TUESDAY) in page(desk.get(ENTER))
    ReservationFactory(service=service, counselor=world.hanako, starts_at=TUESDAY)
    shown = page(desk.post(ENTER, {"do": "times", "counselor": str(world.hanako.pk), "name": "見本 花子"}))
    assert start_of(TUESDAY) not in shown
    assert "見本 花子" in shown
    assert "入力内容を確かめてください" not in shown


def test_nothing_is_taken_before_the_button_is_pressed(desk):
    for button in ("times", "find", ""):
        desk.post(ENTER, typed(do=button))
    assert not Reservation.objects.exclude(entered_by=None).exists()


@pytest.mark.parametrize("left_out", ["name", "phone", "start"])
def test_name_phone_and_time_are_needed(desk, left_out):
    told = typed()
    del told[left_out]
    response = desk.post(ENTER, told)
    assert left_out in response.context["form"].errors
    assert not Reservation.objects.exclude(entered_by=None).exists()


# --- The person -----------------------------------------------------------------------------------------------------


def test_an_account_of_the_office_is_found_by_its_address_and_fills_the_form(desk, world):
    seeker = world.reservation.seeker
    shown = page(desk.post(ENTER, {"do": "find", "email": seeker.email.upper()}))
    assert f"<strong>{seeker.name}</strong>さんのアカウントに予約が入ります" in shown
    assert f'value="{seeker.name}"' in shown
    desk.post(ENTER, typed(email=seeker.email))
    assert entered().seeker == seeker


def test_of_an_account_elsewhere_only_its_existence_is_told_to_who_knows_the_address(desk):
    stranger = SeekerFactory(email="stranger@mail.example", name="他県 三郎")
    stranger.seeker_profile.seeker_number = "22010-00123456"
    stranger.seeker_profile.save()
    shown = page(desk.post(ENTER, {"do": "find", "email": stranger.email}))
    assert "このメールアドレスのアカウントに予約が入ります" in shown
    assert stranger.name not in shown
    desk.post(ENTER, typed(email=stranger.email))
    assert entered().seeker == stranger


@pytest.fixture
def of_here(service):
    seeker = SeekerFactory(name="当所 四郎")
    seeker.seeker_profile.seeker_number = "13010-00777777"
    seeker.seeker_profile.save()
    return seeker


def test_an_account_found_by_its_number_is_asked_about(desk, of_here):
    response = desk.post(ENTER, typed(seeker_number="13010-00777777"))
    assert "account" in response.context["form"].errors
    assert not Reservation.objects.exclude(entered_by=None).exists()


@pytest.mark.parametrize("is_used", [True, False])
def test_staff_say_whether_it_is_the_person(desk, of_here, is_used):
    answer = str(of_here.pk) if is_used else "none"
    desk.post(ENTER, typed(seeker_number="１３０１０−００７７７７７７", account=answer))
    assert entered().seeker == (of_here if is_used else None)


def test_the_key_of_another_account_is_no_answer(desk, of_here, world):
    response = desk.post(ENTER, typed(seeker_number="13010-00777777", account=str(world.national.pk)))
    assert "account" in response.context["form"].errors


def test_a_key_without_a_number_finds_nobody(desk, of_here):
    desk.post(ENTER, typed(account=str(of_here.pk)))
    assert entered().seeker is None


@pytest.mark.parametrize(
    ("number", "is_found"), [("13010-00777777", True), ("22010-00777777", False)], ids=["of the office", "of another"]
)
def test_by_number_only_people_of_the_office_are_found(desk, of_here, number, is_found):
    of_here.seeker_profile.seeker_number = number
    of_here.seeker_profile.save()
    assert (of_here.name in page(desk.post(ENTER, {"do": "find", "seeker_number": number}))) == is_found


def test_who_has_booked_at_the_office_or_chose_it_is_of_the_office(desk, of_here, service, world):
    of_here.seeker_profile.seeker_number = "22010-00777777"
    of_here.seeker_profile.home_office = world.office
    of_here.seeker_profile.save()
    assert of_here.name in page(desk.post(ENTER, {"do": "find", "seeker_number": "22010-00777777"}))
    of_here.seeker_profile.home_office = None
    of_here.seeker_profile.save()
    ReservationFactory(service=service, seeker=of_here, starts_at=jst(5, 7, 10))
    assert of_here.name in page(desk.post(ENTER, {"do": "find", "seeker_number": "22010-00777777"}))


def test_staff_and_people_who_left_are_nobody_to_book_for(desk, world, of_here):
    of_here.is_active = False
    of_here.save()
    for email in (world.manager.email, of_here.email):
        assert "アカウントは見つかりません" in page(desk.post(ENTER, {"do": "find", "email": email}))


def test_the_record_of_a_search_keeps_its_kind_and_not_what_was_typed(desk, world):
    desk.post(ENTER, {"do": "find", "email": world.reservation.seeker.email})
    row = AuditRecord.objects.get(action="person.searched")
    assert row.detail == {"by": ["email"], "found": 1, "of_office": True}
    assert (row.subject, row.office_number, row.actor) == ("", "13010", world.reception)


# --- Rules and exceptions -------------------------------------------------------------------------------------------


@pytest.mark.requirement("H-01", "S-04")
@pytest.mark.parametrize(
    ("moment", "is_entered"),
    [(jst(6, 1, 23, 59, 59), True), (jst(6, 2, 0, 0, 0), False)],
    ids=["the last second of the day before", "the day of the session"],
)
def test_the_deadline_of_the_day_before(desk, client_of, world, freeze, moment, is_entered):
    freeze(moment)
    response = client_of(world.reception).post(ENTER, typed())
    assert Reservation.objects.exclude(entered_by=None).exists() == is_entered
    assert is_entered or "予約は締め切りました" in page(response)


def test_each_rule_is_told_and_a_reason_lets_it_pass_and_is_recorded(desk, service, world):
    change_rules(service, topic="required")
    told = typed(other_day="2026-06-02", other_time="18:00")
    shown = page(desk.post(ENTER, told))
    assert "この時間は受け付けていません" in shown
    assert "必須の項目が入力されていません" in shown
    assert "例外にする理由" in shown
    desk.post(ENTER, {**told, "reason": REASON})
    reservation = entered()
    assert reservation.starts_at == jst(6, 2, 18)
    assert reservation.events.get().reason == f"規則の例外: {REASON}"
    row = AuditRecord.objects.get(action="reservation.rule_overridden")
    assert (row.subject, row.detail) == (reservation.number, {"rules": ["details_missing", "not_offered"]})
    assert REASON not in str(row.detail)
    assert AuditRecord.objects.filter(action="reservation.entered", subject=reservation.number).exists()


def test_a_blank_reason_is_none(desk):
    response = desk.post(ENTER, typed(other_day="2026-06-02", other_time="18:00", reason=" 　 "))
    assert response.context["refused"].code == "override_needs_reason"


def test_what_the_office_asks_is_asked_here_too(desk, service):
    version = service.version_on(MONDAY)
    question = Question.objects.create(
        policy=version, label="雇用保険の手続き", kind="text", is_required=True, position=1
    )
    service.__dict__.pop("versions", None)
    shown = page(desk.get(ENTER))
    assert "雇用保険の手続き" in shown
    desk.post(ENTER, typed(**{f"question_1_{question.pk}": "まだ"}))
    assert entered().answers == [["雇用保険の手続き", "まだ"]]


@pytest.mark.parametrize(
    "forged",
    [
        {"other_day": "2026-06-01", "other_time": "9:59"},
        {"other_day": "2020-01-06", "other_time": "10:00"},
        {"start": "2026-06-01T09:30+09:00"},
    ],
    ids=["a minute ago", "years ago", "a button of this morning"],
)
def test_the_past_is_refused_whatever_the_reason(desk, forged):
    response = desk.post(ENTER, typed(**forged, reason=REASON))
    assert response.context["refused"].code == "time_is_past"
    assert not Guest.objects.exists()


@pytest.mark.parametrize(
    "forged",
    [{"start": "soon"}, {"start": "2026-06-02T11:00"}, {"other_day": "1999-01-01"}, {"other_time": "11:00"}],
    ids=["no time", "a time without a zone", "a day without a time", "a time without a day"],
)
def test_what_is_no_time_is_an_error_of_the_form(desk, forged):
    assert desk.post(ENTER, typed(**forged)).context["form"].errors
    assert not Reservation.objects.exclude(entered_by=None).exists()


def test_a_service_of_another_office_does_not_exist(desk, world):
    told = typed(service=str(world.foreign_reservation.service_id))
    assert desk.post(ENTER, told).status_code == HTTPStatus.NOT_FOUND
    assert desk.get(f"{ENTER}?service={world.foreign_reservation.service_id}").status_code == HTTPStatus.NOT_FOUND


def test_a_service_that_is_not_published_does_not_exist(desk, world):
    hidden = ServiceFactory(office=world.office, is_active=False)
    assert desk.post(ENTER, typed(service=str(hidden.pk))).status_code == HTTPStatus.NOT_FOUND


def test_a_counselor_of_another_office_is_no_choice(desk, world):
    response = desk.post(ENTER, typed(counselor=str(world.foreign_counselor.pk)))
    assert "counselor" in response.context["form"].errors


def test_another_office_does_not_exist(desk):
    assert desk.post(f"{ENTER}?office=22010", typed()).status_code == HTTPStatus.NOT_FOUND


# --- The next session -----------------------------------------------------------------------------------------------


@pytest.fixture
def in_the_session(world, freeze, client_of, service):
    """Tuesday 10:10, in the session of 10:00 with hanako; her browser."""
    freeze(jst(6, 2, 10, 10))
    return client_of(world.counselor)


@pytest.mark.requirement("K-16", "H-23", "S-23")
@pytest.mark.parametrize("where", ["/admin/day/?date=2026-06-02", "/admin/booking/reservation/{pk}/change/"])
def test_one_click_from_the_running_session(in_the_session, world, where):
    link = f"{ENTER}?office=13010&amp;after={world.reservation.number}"
    assert link in page(in_the_session.get(where.format(pk=world.reservation.pk)))
    response = in_the_session.get(link.replace("&amp;", "&"))
    form = response.context["form"]
    assert form["name"].value() == world.reservation.name
    assert str(form["counselor"].value()) == str(world.hanako.pk)
    assert "空き時間" in page(response)
    assert world.reservation.topic
    assert world.reservation.topic not in page(response)


@pytest.mark.requirement("K-16", "K-22", "H-23", "S-23")
def test_the_next_one_is_of_the_same_person(in_the_session, world):
    told = typed(start=start_of(jst(6, 9, 10)), counselor=str(world.hanako.pk), email="forged@mail.example")
    in_the_session.post(f"{ENTER}?after={world.reservation.number}", told)
    reservation = entered()
    assert (reservation.seeker, reservation.origin) == (world.reservation.seeker, Origin.NEXT)
    assert reservation.status == ReservationStatus.CONFIRMED


@pytest.mark.requirement("K-16", "H-21")
def test_what_was_told_for_this_session_is_not_asked_again(in_the_session, world):
    """All that the rules want is there already, interpreter and answers too: only the time is chosen."""
    rules = {"topic": "required", "seeker_number": "required", "asks_device": True}
    version = change_rules(world.reservation.service, **rules)
    Question.objects.create(policy=version, label="お子さんの参加", kind="yes_no", is_required=True)
    Question.objects.create(policy=version, label="種類", kind="choice", choices=["面接", "相談"], is_required=True)
    told = {"answers": [["お子さんの参加", "いいえ"], ["種類", "相談"]], "seeker_number": "13010-00123456"}
    Reservation.objects.filter(pk=world.reservation.pk).update(office_interpreter="pt", **told)
    InterpreterHours.objects.create(office=world.office, language="pt", weekday=1, opens=time(9), closes=time(17))
    address = f"{ENTER}?after={world.reservation.number}"
    form = in_the_session.get(address).context["form"]
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}
    in_the_session.post(address, {**sent, "start": start_of(jst(6, 9, 10)), "do": "enter"})
    reservation = entered()
    assert (reservation.status, reservation.office_interpreter) == (ReservationStatus.CONFIRMED, "pt")
    assert (reservation.answers, reservation.has_device) == (told["answers"], True)


def test_before_the_session_there_is_no_button_and_no_page(desk, world):
    assert "after=" not in page(desk.get("/admin/day/?date=2026-06-02"))
    assert desk.get(f"{ENTER}?after={world.reservation.number}").status_code == HTTPStatus.NOT_FOUND


def test_a_session_of_another_office_has_no_next_one_here(in_the_session, world):
    for office in ("", "&office=13010"):
        response = in_the_session.get(f"{ENTER}?after={world.foreign_reservation.number}{office}")
        assert response.status_code == HTTPStatus.NOT_FOUND


# --- By reply, and what staff see -----------------------------------------------------------------------------------


@pytest.mark.requirement("K-19", "K-21")
def test_by_reply_the_page_and_the_day_tell_the_deadline(desk, world):
    told = typed(firm="by_reply", email="caller@mail.example", start=start_of(jst(6, 12, 11)))
    shown = page(desk.post(ENTER, told, follow=True))
    assert "2026年6月4日(木) 10:00" in shown
    day = page(desk.get("/admin/day/?date=2026-06-12"))
    assert "返信待ち" in day
    assert "返信の期限 6月4日 10:00" in day
    assert "返信あり" in day


@pytest.mark.requirement("S-25")
def test_undelivered_mails_of_entered_reservations_show_in_the_order_of_the_sessions(desk):
    for hour in (15, 13, 14):
        desk.post(ENTER, typed(start=start_of(jst(6, 2, hour)), email=f"caller{hour}@mail.example"))
    OutgoingMail.objects.filter(to="caller14@mail.example").update(state=MailState.FAILED)
    entries = [row["entry"] for row in desk.get("/admin/day/?date=2026-06-02").context["entries"]]
    of_desk = [entry for entry in entries if entry.reservation.entered_by_id]
    assert [entry.reservation.starts_at.astimezone(NOW.tzinfo).hour for entry in of_desk] == [13, 14, 15]
    assert [entry.mail_failed for entry in of_desk] == [False, True, False]
