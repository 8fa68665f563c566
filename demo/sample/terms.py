"""Sample terms in our own words; the articles follow what real offices regulate, with the numbers of their articles."""

from datetime import date, time, timedelta
from pathlib import Path
from typing import NamedTuple

from booking.clock import at
from offices.models import Office
from terms.models import TermsDocument, TermsKind, TermsVersion

TEXTS = Path(__file__).parent / "texts"
PORTAL = "portal"
ZOOM = "zoom"
TELEOFFICE = "teleoffice"


class OfficeVersion(NamedTuple):
    """One version of an office's terms: its articles 2 and 6 lie in texts/<office>/."""

    dated: date
    booking: str
    closing: str
    changes: str = ""


VERSIONS = {
    "kobayashi": [
        OfficeVersion(date(2023, 10, 1), "booking-1", "この規約は、令和5年10月1日から効力を持ちます。"),
        OfficeVersion(
            date(2025, 3, 11),
            "booking-2",
            "この規約は、令和5年10月1日に定め、令和7年3月11日に改めました。",
            changes="第6条に、このサイトから予約し、取り消す方法を加えました。",
        ),
    ],
    "hamamatsu": [
        OfficeVersion(
            date(2023, 10, 16),
            "booking-1",
            "この規約は、令和5年10月16日から効力を持ちます。\n\n"
            "ZoomはZoom Communications, Inc.の、WindowsはMicrosoft Corporationの商標または登録商標です。"
            "そのほかの会社名と製品名も、それぞれの会社の商標などです。",
        )
    ],
    "sasebo": [OfficeVersion(date(2023, 9, 19), "booking-1", "この規約は、令和5年9月19日から効力を持ちます。")],
    "zenkoku": [OfficeVersion(date(2025, 1, 6), "booking-1", "この規約は、令和7年1月6日から効力を持ちます。")],
}


def service_slug(key: str) -> str:
    return f"soudan-{key}"


def load_terms(offices: dict[str, Office]) -> dict[str, TermsDocument]:
    """All documents by slug."""
    documents = [load_portal(), *load_software()]
    documents += [load_office_terms(key, office) for key, office in offices.items()]
    return {document.slug: document for document in documents}


def load_office_terms(key: str, office: Office) -> TermsDocument:
    document = load_document(
        service_slug(key), TermsKind.SERVICE, f"オンライン職業相談 利用規約（{office.name}）", number=office.number
    )
    for number, version in enumerate(VERSIONS[key], start=1):
        body = text_of("service").format(
            office=office.name,
            court=office.court,
            who=text_of(f"{key}/who").strip(),
            booking=text_of(f"{key}/{version.booking}").strip(),
            closing=version.closing,
        )
        load_version(document, number, body, made_on=version.dated, in_force_on=version.dated, changes=version.changes)
    return document


def load_portal() -> TermsDocument:
    portal = load_document(PORTAL, TermsKind.PORTAL, "オンライン職業相談予約 利用規約")
    load_version(portal, 1, text_of("portal-1"), made_on=date(2024, 12, 9), in_force_on=date(2025, 1, 6))
    load_version(
        portal,
        2,
        text_of("portal-2"),
        made_on=date(2026, 3, 4),
        in_force_on=date(2026, 4, 1),
        changes="第6条に、ほかの人に使われたおそれがあるときの対応と、1年以上使われていない登録の扱いを加えました。"
        "第11条に端末の種類の記録を、第21条に統計を加えました。",
    )
    return portal


def load_software() -> list[TermsDocument]:
    documents = []
    for slug, name in ((ZOOM, "Zoom"), (TELEOFFICE, "TeleOffice")):
        document = load_document(slug, TermsKind.SOFTWARE, f"ビデオ会議ソフト（{name}）の利用について")
        load_version(document, 1, text_of(slug), made_on=date(2024, 12, 9), in_force_on=date(2025, 1, 6))
        documents.append(document)
    return documents


def load_document(slug: str, kind: TermsKind, title: str, *, number: str = "") -> TermsDocument:
    document, _created = TermsDocument.objects.get_or_create(
        slug=slug, defaults={"kind": kind, "title": title, "office_number": number}
    )
    return document


def load_version(
    document: TermsDocument, number: int, body: str, *, made_on: date, in_force_on: date, changes: str = ""
) -> None:
    TermsVersion.objects.get_or_create(
        document=document,
        number=number,
        defaults={
            "body": body,
            "summary_of_changes": changes,
            "made_on": made_on,
            "in_force_on": in_force_on,
            "published_at": at(in_force_on - timedelta(weeks=4), time(9)),
        },
    )


def text_of(name: str) -> str:
    return (TEXTS / f"{name}.md").read_text(encoding="utf-8")
