"""The page of a coming version says in words what it changes."""

from collections.abc import Callable
from datetime import date, time

import pytest
from django.test import Client

from booking.enums import CancelChannel, QuestionKind, Standing
from booking.models import PolicyVersion, Question, ServiceHours
from booking.policy_changes import GROUPS, changes
from tests.factories import change_rules
from tests.staff.conftest import World

COMING = date(2026, 6, 10)
ClientOf = Callable[..., Client]


@pytest.fixture
def present(world: World) -> PolicyVersion:
    return world.reservation.service.policy_versions.get()


def told(before: PolicyVersion, after: PolicyVersion) -> dict[str, tuple[str, str]]:
    return {str(change.label): (change.before, change.after) for change in changes(before, after)}


def test_every_rule_of_a_version_stands_in_one_group() -> None:
    named = [name for _group, names in GROUPS for name in names]
    rules = {field.name for field in PolicyVersion._meta.concrete_fields}
    assert sorted(named) == sorted(rules - {"id", "service", "in_force_on", "announced_on", "note"})


def test_rules_are_told_in_words(present: PolicyVersion) -> None:
    after = change_rules(
        present.service,
        in_force_on=COMING,
        length_minutes=45,
        standings=[Standing.ABOUT_TO_REGISTER, Standing.REGISTERED_HERE],
        closes_at=time(17),
        closes_in_business_days=True,
        most_coming=2,
        cancel_channel=CancelChannel.PHONE,
    )
    assert told(present, after) == {
        "相談時間": ("30分", "45分"),
        "利用できる方": (
            "仕事を探している方ならどなたでも",
            "ハローワークで求職登録をしている方、これから求職登録をする方",
        ),
        "予約締切を開庁日で数える": ("いいえ", "はい"),
        "予約締切の時刻": ("なし", "17:00"),
        "これからの予約（件まで）": ("なし", "2"),
        "取消の方法": ("このサイト（期限後は電話）", "電話のみ"),
    }


def test_hours_and_questions_are_told_too(present: PolicyVersion) -> None:
    Question.objects.create(policy=present, label="希望する職種")
    Question.objects.create(policy=present, label="車の免許", kind=QuestionKind.YES_NO)
    after = change_rules(present.service, in_force_on=date(2100, 4, 1))
    after.hours.filter(weekday__in=[0, 1]).delete()
    for opens, closes in ((time(9), time(12)), (time(13), time(17))):
        ServiceHours.objects.create(policy=after, weekday=0, opens=opens, closes=closes)
    Question.objects.create(policy=after, label="車の免許", kind=QuestionKind.YES_NO, is_required=True)
    Question.objects.create(policy=after, label="色", kind=QuestionKind.CHOICE, choices=["赤", "青"])
    assert told(present, after) == {
        "月曜日": ("9:00〜17:00", "9:00〜12:00、13:00〜17:00"),
        "火曜日": ("9:00〜17:00", "なし"),
        "希望する職種": ("文字・任意", "なし"),
        "車の免許": ("はい・いいえ・任意", "はい・いいえ・必須"),
        "色": ("なし", "選択・任意・選択肢: 赤、青"),
    }


def page(world: World, client_of: ClientOf, version: PolicyVersion) -> str:
    return client_of(world.reception).get(f"/admin/rules/{version.pk}/difference/").content.decode()


def test_the_page_compares_with_the_rules_in_force(world: World, client_of: ClientOf, present: PolicyVersion) -> None:
    change_rules(present.service, in_force_on=COMING, most_coming=2)
    later = change_rules(present.service, in_force_on=date(2026, 7, 1), most_coming=2, most_per_week=1)
    html = page(world, client_of, later)
    assert "2026年1月1日" in html
    assert "変わる規則 2件" in html
    assert "これからの予約（件まで）" in html


def test_of_rules_in_force_it_tells_what_they_changed(
    world: World, client_of: ClientOf, present: PolicyVersion
) -> None:
    change_rules(present.service, in_force_on=date(2026, 5, 1), most_coming=2)
    newest = change_rules(present.service, in_force_on=date(2026, 6, 1), most_coming=3)
    assert ">2</td>" in page(world, client_of, newest)
    assert "最初の規則です" in page(world, client_of, present)


def test_the_same_rules_are_said_to_be_the_same(world: World, client_of: ClientOf, present: PolicyVersion) -> None:
    assert "同じ内容です" in page(world, client_of, change_rules(present.service, in_force_on=COMING))
