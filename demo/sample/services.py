"""Five services, each with the rules of one kind of office (requirements.md, section 7)."""

from datetime import time
from typing import Any, NamedTuple

from booking.enums import CancelChannel, Requirement
from booking.models import Service, ServiceHours
from demo.sample.terms import ZOOM, service_slug
from offices.models import Office
from terms.models import TermsDocument

WEEKDAYS = range(5)
SATURDAY = 5
Hours = tuple[range | tuple[int, ...], time, time]

PREPARATION = "ハローワーク受付票など、求職番号の分かるもの\n見てほしい応募書類（履歴書など）があれば、お手元に"


class SampleService(NamedTuple):
    key: str
    office: str
    name: str
    description: str
    hours: list[Hours]
    rules: dict[str, Any]


SERVICES = [
    SampleService(
        "kobayashi",
        "kobayashi",
        "オンライン職業相談",
        "仕事探しの進め方、求人の選び方、応募書類や面接のことを、相談員とビデオ会議で話せます。1回30分です。",
        [(WEEKDAYS, time(9), time(16, 30))],
        {"seeker_number": Requirement.REQUIRED, "topic": Requirement.REQUIRED},
    ),
    SampleService(
        "hamamatsu",
        "hamamatsu",
        "子育て中の方のオンライン職業相談",
        "子育てや介護をしながら働きたい方の相談を、同じ担当者が続けてお受けします。1回45分です。取消は電話で受け付けます。",
        [(WEEKDAYS, time(10), time(12)), (WEEKDAYS, time(14), time(16))],
        {
            "length_minutes": 45,
            "step_minutes": 15,
            "seeker_number": Requirement.REQUIRED,
            "cancel_channel": CancelChannel.PHONE,
        },
    ),
    SampleService(
        "sasebo",
        "sasebo",
        "平日のオンライン職業相談",
        "平日の昼間に、自宅などから相談できます。1回30分です。",
        [(WEEKDAYS, time(8, 30), time(16, 45))],
        {"step_minutes": 15, "seeker_number": Requirement.REQUIRED, "cancel_closes_days_before": 1},
    ),
    SampleService(
        "sasebo-evening",
        "sasebo",
        "夜間・土曜のオンライン職業相談",
        "仕事の後や土曜に相談したい方へ。平日夜間と土曜に、1回45分で行います。求職番号がない方も予約できます。",
        [(WEEKDAYS, time(17, 30), time(19)), ((SATURDAY,), time(10), time(16))],
        {"length_minutes": 45, "step_minutes": 45, "cancel_closes_days_before": 1, "cancel_closes_at": time(17)},
    ),
    SampleService(
        "zenkoku",
        "zenkoku",
        "全国オンライン職業相談",
        "お住まいの地域にかかわらず相談できます。1回30分です。",
        [(WEEKDAYS, time(9), time(17))],
        {"closes_at": time(17)},
    ),
]


def load_services(offices: dict[str, Office], documents: dict[str, TermsDocument]) -> dict[str, Service]:
    services = {}
    for position, sample in enumerate(SERVICES):
        service, created = Service.objects.get_or_create(
            office=offices[sample.office],
            name=sample.name,
            defaults={
                "description": sample.description,
                "preparation": PREPARATION,
                "terms": documents[service_slug(sample.office)],
                "software_terms": documents[ZOOM],
                "position": position,
                **sample.rules,
            },
        )
        if created:
            load_hours(service, sample.hours)
        services[sample.key] = service
    return services


def load_hours(service: Service, hours: list[Hours]) -> None:
    ServiceHours.objects.bulk_create(
        ServiceHours(service=service, weekday=weekday, opens=opens, closes=closes)
        for weekdays, opens, closes in hours
        for weekday in weekdays
    )
