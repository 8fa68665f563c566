"""The export of reservations: which columns it has, and how a cell becomes text. One list feeds the writer.

The database forms the text of dates and hides what the reader may not see, so that a row costs Python next to nothing
(100,000 rows: `make bench`). UTF-8 with BOM for Excel, CRLF and quoting by RFC 4180. Numbers with leading zeros are
plain text: Excel users import the column as text, see docs; the `="013"` trick is not used (domain-and-standards B.8).
"""

import csv
import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, CharField, Expression, F, Func, TextChoices, TextField, Value, When
from django.db.models.functions import Concat, Substr
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from booking.clock import day_bounds
from booking.enums import NEVER_BOOKED, Companion, Origin, Outcome, ReservationStatus, Standing
from booking.models import Counselor, Reservation
from booking.models.reservation import ReservationQuerySet
from offices.models import Office

BOM = "\ufeff"
CHUNK = 2000
PIECE = 64 * 1024
"""Rows are fetched by the first, sent to the browser by the second (characters)."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A cell that begins so may be read as a formula (ASVS 1.2.10); the full-width ones by Japanese Excel."""


def harmless(text: str) -> str:
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def answers_in_words(answers: list[list[str]]) -> str:
    """What the office asked, and the answers: 希望する職種: 事務; 車の免許: はい (H-21)."""
    return harmless("; ".join(f"{label}: {answer}" for label, answer in answers or []))


class JapanTime(Func):
    """A moment as text in Japan time, formed by PostgreSQL; an empty cell for none."""

    template = "COALESCE(TO_CHAR(%(expressions)s AT TIME ZONE 'Asia/Tokyo', '%(pattern)s'), '')"
    output_field = CharField()


def label_of(field: str, choices: type[TextChoices]) -> Callable[[], Expression]:
    """The choice as staff read it, put in by the database; empty for none."""

    def expression() -> Expression:
        labels = [When(**{field: value}, then=Value(str(label))) for value, label in choices.choices]
        return Case(*labels, default=Value(""), output_field=CharField())

    return expression


def way_of_session() -> Expression:
    """Only what took place, or ended early, has a way."""
    held = [ReservationStatus.CHECKED_IN, ReservationStatus.COMPLETED, ReservationStatus.STOPPED]
    return Case(
        When(switched_to_phone_at__isnull=False, then=Value(str(_("電話で実施")))),
        When(status__in=held, then=Value(str(_("オンライン")))),
        default=Value(""),
        output_field=CharField(),
    )


@dataclass(frozen=True)
class Column:
    """A heading, what the database gives for it, and the function that makes the cell."""

    heading: str | Promise
    source: Expression | F | Callable[[], Expression]
    text: Callable[[Any], str] = harmless

    @property
    def expression(self) -> Expression | F:
        return self.source() if callable(self.source) else self.source


TOPIC = Column(_("相談内容"), F("topic"))

COLUMNS = [
    Column(_("予約番号"), Concat(Substr("number", 1, 4), Value("-"), Substr("number", 5)), str),
    Column(_("安定所番号"), F("office__number"), str),
    Column(_("安定所"), F("office__name")),
    Column(_("相談メニュー"), F("service__name")),
    Column(_("相談員"), F("counselor__name")),
    Column(_("日付"), JapanTime("starts_at", pattern="YYYY-MM-DD"), str),
    Column(_("開始"), JapanTime("starts_at", pattern="HH24:MI"), str),
    Column(_("終了"), JapanTime("ends_at", pattern="HH24:MI"), str),
    Column(_("状態"), label_of("status", ReservationStatus), str),
    Column(_("氏名"), F("name")),
    Column(_("ふりがな"), F("kana")),
    Column(_("電話番号"), F("phone")),
    Column(_("求職番号"), F("seeker_number")),
    Column(_("同席する方"), F("companions"), Companion.words),
    Column(_("通訳の言語"), F("interpreter_language")),
    Column(_("たずねた項目"), F("answers"), answers_in_words),
    Column(_("予約日時"), JapanTime("reserved_at", pattern="YYYY-MM-DD HH24:MI"), str),
    Column(_("入室日時"), JapanTime("checked_in_at", pattern="YYYY-MM-DD HH24:MI"), str),
    Column(_("実施方法"), way_of_session, str),
    Column(_("結果"), label_of("outcome", Outcome), str),
    Column(_("予約の経路"), label_of("origin", Origin), str),
    Column(_("登録の状況"), label_of("standing", Standing), str),
]


@dataclass(frozen=True, kw_only=True)
class ExportFilter:
    """What the reader chose; both days are included."""

    first_day: date
    last_day: date
    offices: list[Office]
    counselor: Counselor | None = None
    statuses: Collection[str] = ()

    def as_detail(self) -> dict[str, Any]:
        """For the audit record: the choice, no personal data."""
        return {
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "offices": [office.number for office in self.offices],
            "counselor": self.counselor.pk if self.counselor else None,
            "statuses": list(self.statuses),
        }

    def rows(self, user: Any) -> ReservationQuerySet:
        start, end = day_bounds(self.first_day, self.last_day)
        rows = Reservation.objects.visible_to(user).filter(
            office__in=self.offices, starts_at__gte=start, starts_at__lt=end
        )
        if self.counselor is not None:
            rows = rows.filter(counselor=self.counselor)
        if self.statuses:
            rows = rows.filter(status__in=self.statuses)
        return rows.order_by("starts_at", "pk")


def columns_for(topic_offices: Collection[Office]) -> list[Column]:
    """All columns, and 相談内容 when the reader may see it at some office; at the others its cells are empty."""
    if not topic_offices:
        return COLUMNS
    topic = Case(
        When(office__in=[office.pk for office in topic_offices], then=F("topic")),
        default=Value(""),
        output_field=TextField(),
    )
    return [*COLUMNS, Column(TOPIC.heading, topic)]


def csv_of(rows: ReservationQuerySet, *, columns: list[Column]) -> Iterator[bytes]:
    """The file in pieces of some hundred rows; memory does not grow with the number of rows."""
    names = {f"column_{position}": column.expression for position, column in enumerate(columns)}
    functions = [column.text for column in columns]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(BOM)
    writer.writerow([str(column.heading) for column in columns])
    yield take(buffer)
    for values in rows.annotate(**names).values_list(*names).iterator(chunk_size=CHUNK):
        writer.writerow([text(value) for text, value in zip(functions, values, strict=True)])
        if buffer.tell() > PIECE:
            yield take(buffer)
    yield take(buffer)


def take(buffer: io.StringIO) -> bytes:
    piece = buffer.getvalue().encode("utf-8")
    buffer.seek(0)
    buffer.truncate()
    return piece


EXPORTABLE = [(value, label) for value, label in ReservationStatus.choices if value not in NEVER_BOOKED]
