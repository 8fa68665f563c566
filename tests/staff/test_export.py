import csv
import io
from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from audit.models import AuditRecord
from booking.enums import Companion, ReservationStatus
from booking.exports import ExportFilter, columns_for, csv_of, harmless
from booking.models import Reservation
from offices.models import Role
from tests.factories import MembershipFactory, ReservationFactory, jst
from tests.staff.conftest import TOPIC, World

WEEK = {"first_day": "2026-06-01", "last_day": "2026-06-07"}


def export(client: Client, **form: object) -> bytes:
    response = client.post("/admin/export/", {**WEEK, **form})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(response.streaming_content)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def change(reservation: Reservation, **fields: object) -> None:
    Reservation.objects.filter(pk=reservation.pk).update(**fields)


def test_file_is_known_byte_by_byte(world: World, client_of: Callable[..., Client]):
    change(
        world.reservation,
        number="ABCD2345",
        name="髙橋 𠮷郎",
        kana="タカハシ ヨシロウ",
        seeker_number="01010-00123456",
        topic='一行目\n二行目、"引用"',
        companions=[Companion.FAMILY, Companion.INTERPRETER],
        interpreter_language="Tiếng Việt",
        answers=[["希望する職種", "事務"], ["車の免許", "はい"]],
        reserved_at=jst(5, 20, 9, 5),
        checked_in_at=jst(6, 2, 9, 58),
    )
    service = world.reservation.service
    expected = (
        "\ufeff"
        "予約番号,安定所番号,安定所,相談メニュー,相談員,日付,開始,終了,状態,氏名,ふりがな,電話番号,求職番号,"
        "同席する方,通訳の言語,たずねた項目,予約日時,入室日時,実施方法,結果,予約の経路,登録の状況,相談内容\r\n"
        f"ABCD-2345,13010,ハローワーク見本,{service.name},花子,2026-06-02,10:00,10:30,予約確定,髙橋 𠮷郎,"
        "タカハシ ヨシロウ,090-1234-5678,01010-00123456,家族、通訳,Tiếng Việt,希望する職種: 事務; 車の免許: はい,2026-05-20 09:05,2026-06-02 09:58,,,サイト,,"
        '"一行目\n二行目、""引用"""\r\n'
    )
    assert export(client_of(world.counselor)) == expected.encode("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+81 90-1234-5678",
        "-1",
        "@x",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "\t=1",
        "\r=1",
        "\n=1",
        '=HYPERLINK("https://evil.example","x")',
    ],
    ids=repr,
)
def test_cell_that_could_be_a_formula_is_made_harmless(text: str):
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["", "0123", "髙橋", "a=1", " 1", "ー", "'=1", "090-1234-5678"], ids=repr)
def test_other_cells_stay_as_they_are(text: str):
    assert harmless(text) == text


@pytest.mark.parametrize("field", ["name", "kana", "phone", "seeker_number", "topic", "interpreter_language"])
@pytest.mark.parametrize("text", ["=1+1", "+81…", "@x", "＝1", "\t1"], ids=repr)
def test_no_typed_field_reaches_the_file_as_a_formula(world: World, client_of, field: str, text: str):
    change(world.reservation, **{field: text})
    [row] = rows_of(export(client_of(world.counselor)))
    assert "'" + text in row.values()
    assert text not in row.values()


@pytest.mark.parametrize("field", ["office", "service", "counselor"])
def test_names_given_by_staff_are_made_harmless_too(world: World, client_of, field: str):
    named = getattr(world.reservation, field)
    type(named).objects.filter(pk=named.pk).update(name="=1+1")
    [row] = rows_of(export(client_of(world.counselor)))
    assert "'=1+1" in row.values()


@pytest.mark.parametrize(
    ("role", "is_shown"), [("counselor", True), ("manager", True), ("national", True), ("reception", False)]
)
def test_only_those_who_counsel_get_the_topics(world: World, client_of, role: str, is_shown: bool):
    content = export(client_of(getattr(world, role)), office=world.office.pk).decode()
    assert (TOPIC in content) is is_shown
    assert ("相談内容" in content) is is_shown


def test_counselor_who_is_reception_elsewhere_gets_no_topic_from_there(world: World, client_of: Callable[..., Client]):
    MembershipFactory(user=world.counselor, office=world.foreign_office, role=Role.RECEPTION)
    rows = {row["氏名"]: row["相談内容"] for row in rows_of(export(client_of(world.counselor)))}
    assert rows == {"髙橋 一郎": TOPIC, "他所 次郎": ""}


def test_another_office_is_never_exported(world: World, client_of: Callable[..., Client]):
    [row] = rows_of(export(client_of(world.manager)))
    assert row["安定所番号"] == "13010"


@pytest.mark.parametrize("field", ["office", "counselor"])
def test_forged_choice_of_another_office_is_refused(world: World, client_of: Callable[..., Client], field: str):
    chosen = {"office": world.foreign_office, "counselor": world.foreign_counselor}[field]
    response = client_of(world.manager).post("/admin/export/", {**WEEK, field: chosen.pk})
    assert response.headers["Content-Type"].startswith("text/html")
    assert field in response.context["form"].errors
    assert not AuditRecord.objects.filter(action="reservation.exported").exists()


@pytest.mark.parametrize(
    ("starts_at", "is_in"),
    [
        pytest.param(jst(5, 31, 23, 30), False, id="the evening before the first day"),
        pytest.param(jst(6, 1, 0, 0), True, id="midnight of the first day in Japan"),
        pytest.param(jst(6, 7, 23, 30), True, id="the evening of the last day"),
        pytest.param(jst(6, 8, 0, 0), False, id="midnight after the last day"),
    ],
)
def test_days_are_japanese_days_and_both_included(world: World, client_of, starts_at, is_in: bool):
    ReservationFactory(service=world.reservation.service, counselor=world.jiro, starts_at=starts_at, name="端の人")
    names = [row["氏名"] for row in rows_of(export(client_of(world.manager)))]
    assert ("端の人" in names) is is_in


def test_counselor_and_status_narrow_the_choice(world: World, client_of: Callable[..., Client]):
    shared = {"service": world.reservation.service, "counselor": world.jiro}
    ReservationFactory(**shared, starts_at=jst(6, 3, 10), name="来なかった人", status=ReservationStatus.NO_SHOW)
    ReservationFactory(**shared, starts_at=jst(6, 4, 10), name="終わった人", status=ReservationStatus.COMPLETED)
    client = client_of(world.manager)
    by_counselor = rows_of(export(client, counselor=world.jiro.pk))
    by_status = rows_of(export(client, statuses=["no_show", "confirmed"]))
    assert [row["氏名"] for row in by_counselor] == ["来なかった人", "終わった人"]
    assert [row["氏名"] for row in by_status] == ["髙橋 一郎", "来なかった人"]


def test_bare_holds_are_never_exported(world: World, client_of: Callable[..., Client]):
    change(world.reservation, status=ReservationStatus.HELD, hold_expires_at=jst(6, 1, 10, 10))
    assert rows_of(export(client_of(world.manager))) == []


def test_last_day_before_the_first_is_refused_with_a_way_on(world: World, client_of: Callable[..., Client]):
    response = client_of(world.manager).post("/admin/export/", {"first_day": "2026-06-02", "last_day": "2026-06-01"})
    assert "最後の日は、最初の日以後にしてください。" in response.content.decode()


def test_days_beyond_the_calendar_are_refused(world: World, client_of: Callable[..., Client]):
    response = client_of(world.manager).post("/admin/export/", {"first_day": "0001-01-01", "last_day": "9999-12-31"})
    assert response.status_code == 200
    assert set(response.context["form"].errors) == {"first_day", "last_day"}


@pytest.mark.requirement("J-18")
def test_audit_record_is_there_before_the_first_byte(world: World, client_of: Callable[..., Client]):
    response = client_of(world.reception).post("/admin/export/", {**WEEK, "statuses": ["confirmed"]})
    record = AuditRecord.objects.get(action="reservation.exported")
    assert (record.actor, record.office_number) == (world.reception, "13010")
    assert record.detail == {
        "first_day": "2026-06-01",
        "last_day": "2026-06-07",
        "offices": ["13010"],
        "counselor": None,
        "statuses": ["confirmed"],
    }
    assert response.streaming
    response.close()


def test_opening_the_form_exports_nothing(world: World, client_of: Callable[..., Client]):
    response = client_of(world.reception).get("/admin/export/", WEEK)
    assert response.headers["Content-Type"].startswith("text/html")
    assert not AuditRecord.objects.filter(action="reservation.exported").exists()


def test_file_asks_the_database_once(world: World, django_assert_num_queries):
    choice = ExportFilter(first_day=date(2026, 6, 1), last_day=date(2026, 6, 7), offices=[world.office])
    rows, columns = choice.rows(world.manager), columns_for([world.office])
    for hour in range(9, 17):
        ReservationFactory(service=world.reservation.service, counselor=world.jiro, starts_at=jst(6, 3, hour))
    with django_assert_num_queries(1):
        assert b"".join(csv_of(rows, columns=columns)).count(b"\r\n") == 10
