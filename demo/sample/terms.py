"""Sample terms in our own words; the articles follow what real offices regulate."""

from datetime import date, time, timedelta
from pathlib import Path
from typing import NamedTuple

from booking.clock import at
from offices.models import Office
from terms.models import TermsDocument, TermsKind, TermsVersion

TEXTS = Path(__file__).parent / "texts"
PORTAL = "portal"
ZOOM = "zoom"


class OfficeRules(NamedTuple):
    who: str
    length: str
    booking: str
    fields: str
    cancel: str


RULES = {
    "kobayashi": OfficeRules(
        who="求職番号をお持ちでない方は、先に求職の登録をしてください。",
        length="相談は1回30分です。",
        booking="予約は、相談する日の前日までに済ませてください。",
        fields="氏名、電話番号、求職番号、相談内容",
        cancel="取消は、開始時刻までこのサイトで、または電話で受け付けます。",
    ),
    "hamamatsu": OfficeRules(
        who="同じ担当者に続けて相談したい方のための窓口です。続けて支援を受けるご希望がある方が利用できます。",
        length="相談は1回45分です。平日の10時から12時、14時から16時の間に行います。",
        booking="予約は、相談する日の1か月前から前日まで受け付けます。",
        fields="氏名、電話番号、求職番号",
        cancel="取消は、電話でご連絡ください。このサイトでは受け付けていません。",
    ),
    "sasebo": OfficeRules(
        who="これから求職の登録をする方も、夜間・土曜の相談を利用できます。",
        length="平日の昼の相談は1回30分、平日夜間と土曜の相談は1回45分です。",
        booking="予約は、どちらも相談する日の前日までに済ませてください。",
        fields="氏名、電話番号、求職番号（夜間・土曜の相談では、求職番号は任意）",
        cancel="取消は、前日までこのサイトで受け付けます。当日は電話でご連絡ください。",
    ),
    "zenkoku": OfficeRules(
        who="お住まいの地域にかかわらず利用できます。",
        length="相談は1回30分です。",
        booking="予約は、相談する日の前日17時までに済ませてください。",
        fields="氏名、電話番号",
        cancel="取消は、開始時刻までこのサイトで、または電話で受け付けます。",
    ),
}


def service_slug(key: str) -> str:
    return f"soudan-{key}"


def load_terms(offices: dict[str, Office]) -> dict[str, TermsDocument]:
    """All documents by slug."""
    documents = [load_portal(), load_zoom()]
    for key, office in offices.items():
        document = load_document(
            service_slug(key), TermsKind.SERVICE, f"オンライン職業相談 利用規約（{office.name}）", number=office.number
        )
        body = text_of("service").format(office=office.name, court=office.court, **RULES[key]._asdict())
        load_version(document, 1, body, in_force_on=date(2025, 4, 1))
        documents.append(document)
    return {document.slug: document for document in documents}


def load_portal() -> TermsDocument:
    portal = load_document(PORTAL, TermsKind.PORTAL, "オンライン職業相談予約 利用規約")
    load_version(portal, 1, text_of("portal-1"), in_force_on=date(2025, 1, 6))
    load_version(
        portal,
        2,
        text_of("portal-2"),
        in_force_on=date(2026, 4, 1),
        changes="第5条に、ほかの人に使われたおそれがあるときの対応と、1年以上使われていない登録の扱いを加えました。"
        "第8条に、利用の記録について加えました。",
    )
    return portal


def load_zoom() -> TermsDocument:
    document = load_document(ZOOM, TermsKind.SOFTWARE, "ビデオ会議ソフト（Zoom）の利用について")
    load_version(document, 1, text_of("zoom"), in_force_on=date(2025, 1, 6))
    return document


def load_document(slug: str, kind: TermsKind, title: str, *, number: str = "") -> TermsDocument:
    document, _created = TermsDocument.objects.get_or_create(
        slug=slug, defaults={"kind": kind, "title": title, "office_number": number}
    )
    return document


def load_version(document: TermsDocument, number: int, body: str, *, in_force_on: date, changes: str = "") -> None:
    made_on = in_force_on - timedelta(weeks=4)
    TermsVersion.objects.get_or_create(
        document=document,
        number=number,
        defaults={
            "body": body,
            "summary_of_changes": changes,
            "made_on": made_on,
            "in_force_on": in_force_on,
            "published_at": at(made_on, time(9)),
        },
    )


def text_of(name: str) -> str:
    return (TEXTS / f"{name}.md").read_text(encoding="utf-8")
