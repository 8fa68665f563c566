"""Six services, each with the rules of one kind of office (docs/offices)."""

from datetime import date, time, timedelta
from typing import Any, NamedTuple

from booking.enums import BookingWay, CancelChannel, QuestionKind, Requirement, Standing
from booking.models import PolicyVersion, Question, Service, ServiceHours
from demo.sample.terms import TELEOFFICE, ZOOM, service_slug
from offices.enums import MeetingSoftware
from offices.models import Office
from terms.models import TermsDocument

WEEKDAYS = range(5)
SATURDAY = 5
IN_FORCE_ON = date(2025, 1, 6)
Hours = tuple[range | tuple[int, ...], time, time]

PREPARATION = "ハローワーク受付票など、求職番号の分かるもの\n見てほしい応募書類（履歴書など）があれば、お手元に"


class SampleQuestion(NamedTuple):
    label: str
    kind: QuestionKind
    is_required: bool = False
    choices: tuple[str, ...] = ()


class SampleService(NamedTuple):
    key: str
    office: str
    name: str
    description: str
    hours: list[Hours]
    rules: dict[str, Any]
    questions: tuple[SampleQuestion, ...] = ()


SERVICES = [
    SampleService(
        "kobayashi",
        "kobayashi",
        "オンライン職業相談",
        "仕事探しの進め方、求人の選び方、応募書類や面接のことを、相談員とビデオ会議で話せます。1回30分です。",
        [(WEEKDAYS, time(9), time(16, 30))],
        {
            "way": BookingWay.AT_ONCE,
            "standings": [Standing.REGISTERED_HERE, Standing.REGISTERED_ONLINE],
            "seeker_number": Requirement.REQUIRED,
            "topic": Requirement.REQUIRED,
            "has_waiting_list": True,
        },
        (SampleQuestion("相談の種類", QuestionKind.CHOICE, True, ("職業相談・職業紹介", "面接", "管理選考")),),
    ),
    SampleService(
        "hamamatsu",
        "hamamatsu",
        "子育て中の方のオンライン職業相談",
        "子育てや介護をしながら働きたい方の相談を、同じ担当者が続けてお受けします。1回45分です。取消は電話で受け付けます。",
        [(WEEKDAYS, time(10), time(12)), (WEEKDAYS, time(14), time(16))],
        {
            "way": BookingWay.ARRANGED,
            "standings": [Standing.RECOGNISED],
            "needs_named_counselor": True,
            "tells_conversion": True,
            "length_minutes": 45,
            "step_minutes": 15,
            "seeker_number": Requirement.REQUIRED,
            "cancel_channel": CancelChannel.PHONE,
        },
        (
            SampleQuestion("働ける曜日や時間帯", QuestionKind.TEXT),
            SampleQuestion("希望する働き方", QuestionKind.CHOICE, True, ("フルタイム", "パートタイム", "在宅", "未定")),
            SampleQuestion("お子さんがいっしょに参加しますか", QuestionKind.YES_NO, True),
        ),
    ),
    SampleService(
        "sasebo",
        "sasebo",
        "平日のオンライン職業相談",
        "平日の昼間に、自宅などから相談できます。1回30分です。予約は電話で受け付けます。",
        [(WEEKDAYS, time(8, 30), time(16, 45))],
        {
            "way": BookingWay.STAFF_ONLY,
            "standings": [Standing.REGISTERED_HERE, Standing.ABOUT_TO_REGISTER],
            "tells_conversion": True,
            "step_minutes": 15,
            "seeker_number": Requirement.REQUIRED,
            "cancel_channel": CancelChannel.PHONE_OR_MAIL,
        },
    ),
    SampleService(
        "sasebo-evening",
        "sasebo",
        "夜間・土曜のオンライン職業相談",
        "仕事の後や土曜に相談したい方へ。平日夜間と土曜に、1回45分で行います。求職番号がない方も予約できます。",
        [(WEEKDAYS, time(17, 30), time(19)), ((SATURDAY,), time(10), time(16))],
        {
            "way": BookingWay.MAIL_LINK,
            "standings": [Standing.REGISTERED_HERE, Standing.ABOUT_TO_REGISTER],
            "length_minutes": 45,
            "step_minutes": 45,
            "cancel_channel": CancelChannel.PORTAL_OR_MAIL,
            "cancel_closes_days_before": 1,
            "cancel_closes_at": time(17),
        },
    ),
    SampleService(
        "sasebo-employer",
        "sasebo",
        "求人者の方のオンライン相談",
        "求人の出し方や採用のことを、ハローワークの担当者と相談できます。日時は、申込みのあとに調整します。",
        [(WEEKDAYS, time(9), time(12)), (WEEKDAYS, time(13), time(16, 30))],
        {"way": BookingWay.ARRANGED, "standings": [Standing.EMPLOYER], "seeker_number": Requirement.HIDDEN},
    ),
    SampleService(
        "zenkoku",
        "zenkoku",
        "全国オンライン職業相談",
        "お住まいの地域にかかわらず相談できます。1回30分です。",
        [(WEEKDAYS, time(9), time(17))],
        {
            "way": BookingWay.AT_ONCE,
            "standings": [Standing.REGISTERED_HERE, Standing.REGISTERED_ONLINE, Standing.RECOGNISED],
            "closes_at": time(17),
            "most_coming": 3,
            "has_waiting_list": True,
        },
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
                **software_of(sample.office, documents),
                "position": position,
            },
        )
        if created:
            load_rules(service, sample)
        services[sample.key] = service
    return services


def software_of(office: str, documents: dict[str, TermsDocument]) -> dict[str, Any]:
    """佐世保 has TeleOffice in its terms (第4条), so staff enter the links; the others have Zoom."""
    if office != "sasebo":
        return {"software_terms": documents[ZOOM]}
    return {
        "meeting_software": MeetingSoftware.LINK,
        "software_name": "TeleOffice",
        "software_terms": documents[TELEOFFICE],
    }


def load_rules(service: Service, sample: SampleService) -> None:
    """The first version, in force since long before the first sample session."""
    version = PolicyVersion.objects.create(
        service=service, in_force_on=IN_FORCE_ON, announced_on=IN_FORCE_ON - timedelta(days=14), **sample.rules
    )
    ServiceHours.objects.bulk_create(
        ServiceHours(policy=version, weekday=weekday, opens=opens, closes=closes)
        for weekdays, opens, closes in sample.hours
        for weekday in weekdays
    )
    Question.objects.bulk_create(
        Question(
            policy=version,
            label=question.label,
            kind=question.kind,
            is_required=question.is_required,
            choices=list(question.choices),
            position=position,
        )
        for position, question in enumerate(sample.questions)
    )
