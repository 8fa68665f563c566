"""Every article that the documents of the offices have stands in the sample terms, in the version a person reads."""

from datetime import date
from typing import Any

import pytest
from django.template import defaultfilters

from offices.models import Office
from terms.models import TermsVersion
from tests.requirements.conftest import Reader

PORTAL, KOBAYASHI, HAMAMATSU, SASEBO = "portal", "soudan-kobayashi", "soudan-hamamatsu", "soudan-sasebo"
OFFICES = [KOBAYASHI, HAMAMATSU, SASEBO]
ALL = [*OFFICES, "soudan-zenkoku"]


def row(ids: str, slug: str, heading: str, *words: str) -> Any:
    marks = pytest.mark.requirement(*ids.split())
    return pytest.param(slug, heading, words, marks=marks, id=f"{slug} {ids}")


ARTICLES = [
    row("J-01", PORTAL, "第1条", "職業安定法にもとづく職業相談", "失業の認定には別の規約があり"),
    row("J-03", PORTAL, "第2条", "使った方は、この規約に同意したものとして扱います", "見るだけの方も同じ扱い"),
    row("J-14", PORTAL, "第6条", "ご自分の責任で管理", "使わせたりしないでください"),
    row("J-15", PORTAL, "第6条", "パスワードはときどき変える"),
    row("J-23", PORTAL, "第9条", "利用料はかかりません", "利用する方のご負担"),
    row("J-26", PORTAL, "第12条", "ただちに中止します"),
    row("J-29", PORTAL, "第14条", "責任を負いません", "お知らせせずに手直しし、または止める"),
    row("J-30", PORTAL, "第15条", "著作権", "仕組みを解析"),
    row("J-31", PORTAL, "第16条", "職業安定法第5条の5", "秘密を守ってください"),
    row("J-34", PORTAL, "第10条", "使えるようにしておく", "つながるか、確かめて", "最新の版にし、修正プログラム"),
    row("J-36", PORTAL, "第19条", "日本の法律", "相談を担当したハローワークの所在地を受け持つ地方裁判所"),
    row("K-05", KOBAYASHI, "第3条", "利用料はかかりません", "利用する方のご負担"),
    row("H-17", HAMAMATSU, "第3条", "利用料はかかりません", "利用する方のご負担"),
    row("S-18", SASEBO, "第3条", "利用料はかかりません", "利用する方のご負担"),
    row("H-14", HAMAMATSU, "第2条", "ハローワークの利用登録に切り替わります"),
    row("S-34", SASEBO, "第6条の2", "取消の締切を過ぎたときは、電話かメールで"),
    row("K-39", KOBAYASHI, "第14条", "日本の法律", "宮崎地方裁判所だけ"),
    row("H-39", HAMAMATSU, "第14条", "日本の法律", "静岡地方裁判所だけ"),
    row("S-47", SASEBO, "第14条", "日本の法律", "長崎地方裁判所だけ"),
    row("H-41", HAMAMATSU, "付則", "Zoom", "Windows", "商標"),
]


@pytest.mark.parametrize(("slug", "heading", "words"), ARTICLES)
def test_the_article_says(reader: Reader, slug: str, heading: str, words: tuple[str, ...]) -> None:
    article = reader.article(slug, heading)

    for word in words:
        assert word in article


ENVIRONMENT = [
    pytest.param("感染していない", marks=pytest.mark.requirement("K-07"), id="K-07"),
    pytest.param("無料のWi-Fiは使えません", marks=pytest.mark.requirement("K-08"), id="K-08"),
    pytest.param("サポートの終わったOSの機器は使えません", marks=pytest.mark.requirement("K-09"), id="K-09"),
    pytest.param("ファイアウォールを働かせ", marks=pytest.mark.requirement("K-10"), id="K-10"),
    pytest.param("ファイル共有ソフトを入れていない", marks=pytest.mark.requirement("K-11"), id="K-11"),
    pytest.param("ウイルス対策ソフトを入れ、最新の状態", marks=pytest.mark.requirement("K-12"), id="K-12"),
]


@pytest.mark.requirement("H-19", "S-20")
@pytest.mark.parametrize("words", ENVIRONMENT)
def test_article_5_has_the_six_rules_for_devices(reader: Reader, words: str) -> None:
    for slug in ALL:
        assert words in reader.article(slug, "第5条")


@pytest.mark.requirement("K-28", "H-31", "S-40", "X-05")
@pytest.mark.parametrize("slug", ALL)
def test_personal_data_are_protected_by_the_article_of_today(reader: Reader, slug: str) -> None:
    assert "職業安定法第5条の5" in reader.article(slug, "第8条")
    assert "5条の4" not in reader.terms(slug)


@pytest.mark.requirement("K-29")
@pytest.mark.parametrize("slug", ALL)
def test_who_uses_it_keeps_the_secret_in_a_room_without_others(reader: Reader, slug: str) -> None:
    assert "第12条第3項の場所を用意して、秘密を守って" in reader.article(slug, "第8条")
    assert "個室か、まわりに人のいない場所" in reader.article(slug, "第12条")


@pytest.mark.requirement("K-30", "H-32", "S-41")
@pytest.mark.parametrize("slug", ALL)
def test_the_office_says_what_it_does_not_answer_for(reader: Reader, slug: str) -> None:
    article = reader.article(slug, "第9条")

    assert "利用する方の機器、回線、ソフト、場所" in article
    assert "外からの攻撃、災害、停電" in article


@pytest.mark.requirement("K-31", "H-32", "S-41")
@pytest.mark.parametrize("slug", ALL)
def test_who_breaks_the_terms_bears_the_damage(reader: Reader, slug: str) -> None:
    assert "その損害を負担" in reader.article(slug, "第10条")


@pytest.mark.requirement("K-32", "H-32", "S-41")
@pytest.mark.parametrize("slug", ALL)
def test_laws_are_to_be_obeyed(reader: Reader, slug: str) -> None:
    assert "法律、政令、省令、条例などを守って" in reader.article(slug, "第11条")


@pytest.mark.requirement("K-36", "H-36", "S-45", "X-12")
@pytest.mark.parametrize("slug", ALL)
def test_the_software_of_article_4_is_ready_and_three_things_are_up_to_date(reader: Reader, slug: str) -> None:
    article = reader.article(slug, "第12条")

    assert "ビデオ会議ソフト" in reader.article(slug, "第4条")
    for words in ("第4条のソフトを使えるように", "OSを使い", "ファイアウォールを働かせて", "ブラウザとソフトを最新"):
        assert words in article


@pytest.mark.requirement("K-37", "H-37", "S-45")
@pytest.mark.parametrize("slug", ALL)
def test_metered_plans_are_warned_of(reader: Reader, slug: str) -> None:
    assert "使った量に応じて料金がかかる契約の方は、特に" in reader.article(slug, "第12条")


@pytest.mark.requirement("J-36", "K-39", "H-39", "S-47")
def test_the_court_is_that_of_the_office(reader: Reader, offices: dict[str, Office]) -> None:
    courts = {key: office.court for key, office in offices.items()}

    assert len(set(courts.values())) == 4
    for key, court in courts.items():
        assert f"{court}だけを第一審の裁判所" in reader.article(f"soudan-{key}", "第14条")


@pytest.mark.requirement("J-26")
def test_the_fourteen_acts_that_are_forbidden_are_listed(offices: dict[str, Office]) -> None:
    body = TermsVersion.objects.get(document__slug=PORTAL, number=2).body
    article = body.split("# 第12条")[1].split("# 第13条")[0]

    assert [line.partition(".")[0] for line in article.splitlines() if line[:1].isdigit()] == [
        str(number) for number in range(1, 15)
    ]


AGREED = [
    pytest.param(KOBAYASHI, marks=pytest.mark.requirement("K-02"), id="K-02"),
    pytest.param(HAMAMATSU, marks=pytest.mark.requirement("H-13"), id="H-13"),
    pytest.param(SASEBO, marks=pytest.mark.requirement("S-15"), id="S-15"),
]


@pytest.mark.requirement("X-01")
@pytest.mark.parametrize("slug", AGREED)
def test_the_text_says_that_applying_counts_as_agreement(reader: Reader, slug: str) -> None:
    assert "第6条により申し込んだ方は、この規約に同意したものとして扱います" in reader.terms(slug)


DATES = [
    pytest.param(PORTAL, 1, date(2025, 1, 6), marks=pytest.mark.requirement("J-40"), id="J-40"),
    pytest.param(KOBAYASHI, 1, date(2023, 10, 1), marks=pytest.mark.requirement("K-40"), id="K-40 made"),
    pytest.param(KOBAYASHI, 2, date(2025, 3, 11), marks=pytest.mark.requirement("K-40"), id="K-40 revised"),
    pytest.param(HAMAMATSU, 1, date(2023, 10, 16), marks=pytest.mark.requirement("H-40"), id="H-40"),
    pytest.param(SASEBO, 1, date(2023, 9, 19), marks=pytest.mark.requirement("S-47"), id="S-47"),
]


@pytest.mark.parametrize(("slug", "number", "day"), DATES)
def test_a_version_shows_the_day_it_holds_from(reader: Reader, slug: str, number: int, day: date) -> None:
    assert f"施行日 {defaultfilters.date(day, 'DATE_FORMAT')}" in reader.terms(slug, number)


CHANGES = [
    pytest.param(KOBAYASHI, marks=pytest.mark.requirement("K-38"), id="K-38"),
    pytest.param(HAMAMATSU, marks=pytest.mark.requirement("H-38"), id="H-38"),
    pytest.param(SASEBO, marks=pytest.mark.requirement("S-46"), id="S-46"),
]


@pytest.mark.parametrize("slug", CHANGES)
def test_the_terms_say_when_they_may_change_and_what_is_told(reader: Reader, slug: str) -> None:
    article = reader.article(slug, "第13条")

    assert "利益になるとき" in article
    assert "目的に合い、無理のない変更" in article
    assert "変えること、変えた後の内容、効力を持つ日" in article


@pytest.mark.requirement("K-38", "K-40")
def test_a_revised_version_says_what_changed_and_the_old_one_stays_readable(reader: Reader) -> None:
    revised, old = reader.terms(KOBAYASHI), reader.terms(KOBAYASHI, 1)

    assert "前の版からの変更点 第6条に、このサイトから予約し、取り消す方法を加えました。" in revised
    assert "令和5年10月1日に定め、令和7年3月11日に改めました" in revised
    assert "すでに新しい版に替わっています" in old
