"""What the help page tells everybody before a session."""

from typing import Any

import pytest

from offices.models import Office
from tests.requirements.conftest import Reader


@pytest.fixture
def page(reader: Reader) -> str:
    return reader.page("help")


def row(ids: str, *words: str) -> Any:
    return pytest.param(words, marks=pytest.mark.requirement(*ids.split()), id=ids)


TOLD = [
    row("J-15 X-03", "パスワードは、ときどき変えると安心です"),
    row("J-23 K-05 H-17 S-18", "相談は無料です", "ご自身でご用意ください"),
    row("J-34", "Zoomのアプリを入れて", "途切れずにつながるか", "新しい版にして、修正プログラム"),
    row("K-07", "感染していない機器"),
    row("K-08", "管理している人の分からない無料のWi-Fiは使えません"),
    row("K-09", "サポートの終わったOSは使えません", "修正プログラムを当てて"),
    row("K-10", "ファイアウォールを働かせて"),
    row("K-11", "ファイル共有ソフトの入った機器は使えません", "要らないソフトを閉じて"),
    row("K-12", "ウイルス対策ソフトを、最新の状態で"),
    row("K-36 H-36 S-45", "途切れずにつながるか", "OS、ブラウザ、Zoomを新しい版にして", "ファイアウォール"),
    row("H-09 K-37 H-37 S-45", "機器、インターネットの接続、通信の費用は、ご自身で", "使った量で料金が変わる契約"),
    row("H-02", "前の日までに", "Zoomのアプリを入れておいてください"),
    row("H-11 K-29", "個室など、まわりに人がいない静かな場所"),
    row("S-05", "求職者マイページを開いて登録", "https://www.hellowork.mhlw.go.jp/"),
    row("S-07", "準備は開始の時刻までに終え"),
    row("S-08", "つながらないとき 予約したハローワークへお電話ください"),
    row("S-13", "アプリがなくてもブラウザから参加できます"),
]


@pytest.mark.parametrize("words", TOLD)
def test_the_page_tells(page: str, words: tuple[str, ...]) -> None:
    for word in words:
        assert word in page


@pytest.mark.requirement("H-19", "S-20")
def test_the_six_rules_for_devices_stand_together(page: str) -> None:
    rules = page.split("使う機器とつなぎ方")[1].split("相談の日に", maxsplit=1)[0]

    assert rules.count("。") >= 6
    for word in ("感染", "Wi-Fi", "OS", "ファイアウォール", "ファイル共有", "ウイルス対策"):
        assert word in rules


@pytest.mark.requirement("S-09")
def test_four_signs_stand_beside_words_of_their_own(page: str) -> None:
    signs = page.split("4つのお願い")[1].split("前の日までに", maxsplit=1)[0].split()

    assert signs[::2] == ["！", "×", "￥", "？"]
    for word, told in zip(("不正なアクセス", "録音も録画も", "通信料", "不具合"), signs[1::2], strict=True):
        assert word in told


@pytest.mark.requirement("S-14")
def test_the_checklist_before_the_session(page: str) -> None:
    checklist = page.split("相談の日に")[1].split("つながらないとき", maxsplit=1)[0]

    for word in (
        "電波やWi-Fi",
        "充電",
        "マイクとカメラ",
        "台に立てる",
        "静かな場所",
        "明かり",
        "音の出るもの",
        "家にいる方",
    ):
        assert word in checklist


@pytest.mark.requirement("H-12", "S-08")
def test_every_office_has_its_telephone_and_hours(page: str, offices: dict[str, Office]) -> None:
    for office in offices.values():
        assert f"{office.phone} {office.contact_hours}" in page
    assert offices["hamamatsu"].contact_hours.startswith("月曜から金曜 9:00〜17:00")
