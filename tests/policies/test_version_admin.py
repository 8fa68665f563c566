"""The manager sets the rules of a service from a day on; what is in force is only read."""

from collections.abc import Callable
from datetime import date, time
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditRecord
from booking.enums import BookingWay, QuestionKind, Standing
from booking.models import PolicyVersion, Question, Service, ServiceHours
from tests.factories import MONDAY, ReservationFactory, change_rules, jst
from tests.staff.conftest import World

LATER = date(2100, 4, 1)
"""To come for the frozen clock of the test and for the real one of the database alike."""
ClientOf = Callable[..., Client]
pytestmark = pytest.mark.requirement("S-12")


def page_of(version: PolicyVersion) -> str:
    return f"/admin/booking/policyversion/{version.pk}/change/"


def shown(client: Client, version: PolicyVersion) -> str:
    return client.get(page_of(version)).content.decode()


def sent(client: Client, version: PolicyVersion, **changes: Any) -> dict[str, Any]:
    """What the browser would send from the form, with the changes."""
    context = client.get(page_of(version)).context
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    data = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                data[bound.html_name] = value
    return {**data, **changes}


def save(client: Client, version: PolicyVersion, **changes: Any) -> Any:
    return client.post(page_of(version), sent(client, version, **changes), follow=True)


@pytest.fixture
def service(world: World) -> Service:
    return world.reservation.service


@pytest.fixture
def present(service: Service) -> PolicyVersion:
    return service.policy_versions.order_by("in_force_on")[0]


@pytest.fixture
def coming(service: Service) -> PolicyVersion:
    return change_rules(service, in_force_on=LATER)


@pytest.fixture
def manager(world: World, client_of: ClientOf) -> Client:
    return client_of(world.manager)


def test_the_manager_changes_every_part_of_a_coming_version(manager: Client, coming: PolicyVersion) -> None:
    hours = coming.hours.get(weekday=0)
    index = list(coming.hours.all()).index(hours)
    answer = save(
        manager,
        coming,
        way=BookingWay.MAIL_LINK,
        length_minutes=45,
        standings=[Standing.REGISTERED_HERE, Standing.RECOGNISED],
        most_coming=2,
        closes_at="17:00",
        **{f"hours-{index}-closes": "12:00"},
        **{"questions-0-label": "希望する職種", "questions-0-kind": "text", "questions-0-is_required": "on"},
    )
    assert "変更しました" in answer.content.decode()
    coming.refresh_from_db()
    assert (coming.way, coming.length_minutes, coming.most_coming) == (BookingWay.MAIL_LINK, 45, 2)
    assert coming.standings == [Standing.REGISTERED_HERE, Standing.RECOGNISED]
    assert coming.closes_at == time(17)
    hours.refresh_from_db()
    assert hours.closes == time(12)
    question = coming.questions.get()
    assert (question.label, question.kind, question.is_required) == ("希望する職種", QuestionKind.TEXT, True)
    assert AuditRecord.objects.filter(action="policyversion.changed", subject=str(coming.pk)).exists()


def test_the_groups_stand_in_the_order_of_a_managers_thoughts(manager: Client, coming: PolicyVersion) -> None:
    html = shown(manager, coming)
    titles = ["予約の方法・相談時間", "利用できる方", "予約の期間", "件数", "取消", "期限", "当日"]
    places = [html.index(f">{title}</h2>") for title in titles]
    assert places == sorted(places)
    assert html.count('type="checkbox" name="standings"') == len(Standing)


@pytest.mark.parametrize("role", ["counselor", "reception"])
def test_the_others_of_the_office_only_read(
    world: World, client_of: ClientOf, coming: PolicyVersion, role: str
) -> None:
    client = client_of(getattr(world, role))
    html = shown(client, coming)
    assert 'name="length_minutes"' not in html
    assert "新しい規則を作る" not in html
    assert client.post(page_of(coming), {"length_minutes": 45}).status_code == HTTPStatus.FORBIDDEN
    assert client.get(f"/admin/rules/{coming.pk}/copy/").status_code == HTTPStatus.FORBIDDEN


def test_another_office_and_its_rules_do_not_exist(world: World, client_of: ClientOf, coming: PolicyVersion) -> None:
    client = client_of(world.foreigner)
    assert client.get(page_of(coming)).status_code == HTTPStatus.FOUND
    assert client.post(page_of(coming), {"length_minutes": 45}).status_code == HTTPStatus.FOUND
    for page in ("copy", "difference"):
        assert client.get(f"/admin/rules/{coming.pk}/{page}/").status_code == HTTPStatus.NOT_FOUND
    coming.refresh_from_db()
    assert coming.length_minutes == 30


def test_the_national_administrator_changes_every_offices_rules(
    world: World, client_of: ClientOf, coming: PolicyVersion
) -> None:
    save(client_of(world.national), coming, most_coming=3)
    coming.refresh_from_db()
    assert coming.most_coming == 3


# --- In force ---


def test_what_is_in_force_is_read_in_words(manager: Client, present: PolicyVersion) -> None:
    html = shown(manager, present)
    for name in ("in_force_on", "standings", "hours-0-opens", "questions-0-label"):
        assert f'name="{name}"' not in html
    assert "仕事を探している方ならどなたでも" in html
    assert "この規則をもとに新しい規則を作る" in html
    assert "施行された規則は変更できません" in html


def test_a_forged_post_to_rules_in_force_changes_nothing(manager: Client, present: PolicyVersion) -> None:
    forged = {"length_minutes": 45, "in_force_on": "2100-04-01", "hours-TOTAL_FORMS": 1, "hours-INITIAL_FORMS": 0}
    assert manager.post(page_of(present), forged).status_code == HTTPStatus.FORBIDDEN
    assert manager.post(page_of(present).replace("change", "delete"), {"post": "yes"}).status_code == 403
    present.refresh_from_db()
    assert (present.length_minutes, present.in_force_on) == (30, date(2026, 1, 1))


def test_the_trigger_is_told_politely_when_the_day_comes_while_the_form_is_open(
    manager: Client, service: Service
) -> None:
    """To come for the frozen clock of the portal, in force for the clock of the database: as at midnight."""
    version = change_rules(service, in_force_on=date(2026, 6, 10))
    for answer in (
        save(manager, version, most_coming=2, in_force_on="2026-06-20"),
        save(manager, version, **{"hours-0-closes": "12:00"}),
        manager.post(page_of(version).replace("change", "delete"), {"post": "yes"}, follow=True),
    ):
        assert answer.status_code == HTTPStatus.OK
        assert "この規則は施行されたため、変更できません" in answer.content.decode()
    version.refresh_from_db()
    assert (version.most_coming, version.in_force_on) == (None, date(2026, 6, 10))
    assert version.hours.filter(closes=time(17)).count() == 5


def test_a_coming_version_cannot_be_moved_to_today(manager: Client, coming: PolicyVersion) -> None:
    for day in ("2026-06-01", "2026-05-31"):
        html = save(manager, coming, in_force_on=day).content.decode()
        assert "施行日は明日以後の日付にしてください。" in html
    coming.refresh_from_db()
    assert coming.in_force_on == LATER


def test_two_versions_do_not_begin_on_one_day(manager: Client, coming: PolicyVersion, service: Service) -> None:
    change_rules(service, in_force_on=date(2100, 5, 1))
    html = save(manager, coming, in_force_on="2100-05-01").content.decode()
    assert "この施行日の規則は、すでにあります。" in html


def test_a_coming_version_can_be_deleted_the_last_one_cannot(
    manager: Client, coming: PolicyVersion, service: Service
) -> None:
    manager.post(page_of(coming).replace("change", "delete"), {"post": "yes"})
    assert not PolicyVersion.objects.filter(pk=coming.pk).exists()
    assert not ServiceHours.objects.filter(policy=coming.pk).exists()


def test_the_only_version_of_a_service_stays(manager: Client, service: Service) -> None:
    other = Service.objects.create(
        office=service.office, name="新しい相談", terms=service.terms, software_terms=service.software_terms
    )
    only = PolicyVersion.objects.create(service=other, in_force_on=LATER)
    assert manager.post(page_of(only).replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert PolicyVersion.objects.filter(pk=only.pk).exists()


# --- Contradictions ---


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        pytest.param(
            {"opens_days_before": 1, "closes_days_before": 2}, "どの日も予約できません", id="closes as it opens"
        ),
        pytest.param({"opens_months_before": 0}, "どの日も予約できません", id="opens on the day itself"),
        pytest.param(
            {"opens_days_before": 7, "closes_days_before": 6, "closes_in_business_days": "on"},
            "どの日も予約できません",
            id="six business days are eight days",
        ),
        pytest.param({"release_day": 20, "opens_days_before": 14}, "どちらか一方だけ", id="two ways to open"),
        pytest.param(
            {"most_per_week": 3, "most_per_month": 2}, "1か月の件数より多く", id="more in a week than in a month"
        ),
        pytest.param({"needs_named_counselor": "on"}, "担当者制にするときは", id="a named counselor for nobody"),
        pytest.param({"hours-0-closes": "09:29"}, "相談時間より短く", id="hours shorter than a session"),
        pytest.param(
            {"hours-5-weekday": 0, "hours-5-opens": "16:59", "hours-5-closes": "19:00"}, "重なっています", id="overlap"
        ),
        pytest.param({"hours-0-closes": "08:00"}, "終了は開始より後", id="closes before it opens"),
        pytest.param(
            {"questions-0-label": "色", "questions-0-kind": "choice", "questions-0-choices": "赤"},
            "選択肢を2つ以上",
            id="a choice of one",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_and_what_was_typed_stays(
    manager: Client, coming: PolicyVersion, rules: dict[str, Any], says: str
) -> None:
    answer = save(manager, coming, note="夏から", **rules)
    assert says in answer.content.decode()
    assert 'value="夏から"' in answer.content.decode()
    coming.refresh_from_db()
    assert coming.note == ""


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param({"opens_days_before": 1}, id="one day to book"),
        pytest.param({"most_per_week": 2, "most_per_month": 2}, id="as many in a week as in a month"),
        pytest.param({"hours-0-closes": "09:30"}, id="hours of just one session"),
        pytest.param(
            {"hours-5-weekday": 0, "hours-5-opens": "17:00", "hours-5-closes": "19:00"}, id="hours that touch"
        ),
    ],
)
def test_what_just_fits_is_saved(manager: Client, coming: PolicyVersion, rules: dict[str, Any]) -> None:
    save(manager, coming, note="夏から", **rules)
    coming.refresh_from_db()
    assert coming.note == "夏から"


@pytest.mark.parametrize(("hour", "count"), [(16, 0), (17, 1)], ids=["just inside", "outside"])
def test_reservations_outside_the_new_hours_are_counted_and_stay(
    manager: Client, world: World, coming: PolicyVersion, hour: int, count: int
) -> None:
    row = ReservationFactory.create(
        service=coming.service, counselor=world.hanako, starts_at=jst(4, 5, hour, 30, year=2100), name="夕方の方"
    )
    html = save(manager, coming, note="夏から").content.decode()
    assert ("合わない予約が1件" in html) is bool(count)
    row.refresh_from_db()
    assert row.starts_at == jst(4, 5, hour, 30, year=2100)


def test_rules_without_hours_are_saved_with_a_warning(manager: Client, coming: PolicyVersion) -> None:
    deleted = {f"hours-{index}-DELETE": "on" for index in range(5)}
    assert "どなたも予約できません" in save(manager, coming, **deleted).content.decode()


# --- A copy ---


def test_a_new_version_is_a_copy_with_hours_and_questions(manager: Client, world: World, service: Service) -> None:
    former = change_rules(service, in_force_on=MONDAY, most_coming=2, standings=[Standing.REGISTERED_HERE])
    Question.objects.create(policy=former, label="色", kind=QuestionKind.CHOICE, choices=["赤", "青"], is_required=True)
    answer = manager.post(
        f"/admin/rules/{former.pk}/copy/", {"in_force_on": "2026-06-02", "note": "件数を変える"}, follow=True
    )
    copied = service.policy_versions.get(in_force_on=date(2026, 6, 2))
    assert answer.redirect_chain == [(page_of(copied), HTTPStatus.FOUND)]
    assert (copied.most_coming, copied.standings, copied.note) == (2, [Standing.REGISTERED_HERE], "件数を変える")
    assert copied.announced_on == MONDAY
    assert copied.hours.count() == former.hours.count() == 5
    assert copied.questions.get().choices == former.questions.get().choices == ["赤", "青"]
    assert AuditRecord.objects.filter(action="policyversion.added", subject=str(copied.pk)).exists()


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("2026-06-01", "明日以後の日付"),
        ("2100-04-01", "すでにあります"),
        ("", "必須"),
        ("9999-12-31", "2199"),
    ],
    ids=["today", "a day that has rules", "none", "beyond our time"],
)
def test_a_copy_that_cannot_be_keeps_what_was_typed(
    manager: Client, coming: PolicyVersion, present: PolicyVersion, day: str, says: str
) -> None:
    answer = manager.post(f"/admin/rules/{present.pk}/copy/", {"in_force_on": day, "note": "件数を変える"})
    assert answer.status_code == HTTPStatus.OK
    html = answer.content.decode()
    assert says in html
    assert 'value="件数を変える"' in html
    assert present.service.policy_versions.count() == 2


def test_looking_at_the_form_of_a_copy_makes_none(manager: Client, present: PolicyVersion) -> None:
    html = manager.get(f"/admin/rules/{present.pk}/copy/").content.decode()
    assert 'value="2026-06-02"' in html
    assert present.service.policy_versions.count() == 1


def test_nothing_is_added_beside_copies(manager: Client) -> None:
    assert manager.get("/admin/booking/policyversion/add/").status_code == HTTPStatus.FORBIDDEN


def test_the_list_tells_what_is_over_in_force_and_coming(
    manager: Client, coming: PolicyVersion, present: PolicyVersion
) -> None:
    change_rules(present.service, in_force_on=MONDAY)
    html = manager.get("/admin/booking/policyversion/").content.decode()
    assert [word for word in ("これから", "施行中", "終了") if f">{word}<" in html] == ["これから", "施行中", "終了"]
