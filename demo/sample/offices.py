"""Four sample offices. Numbers from 90001, telephone numbers that cannot ring, addresses nobody lives at."""

from datetime import date, time, timedelta
from typing import NamedTuple

from booking.enums import Language
from booking.models import ConsequenceRule, InterpreterHours
from offices.calendar import calendar_of
from offices.models import Bureau, ClosedDay, Office

RULES_SINCE = date(2025, 1, 6)


class SampleOffice(NamedTuple):
    number: str
    bureau: tuple[str, str]
    name: str
    address: str
    contact_hours: str
    court: str
    reminder_at: time


OFFICES = {
    "kobayashi": SampleOffice(
        "90001",
        ("mihon-45", "見本・宮崎労働局"),
        "見本・小林",
        "見本県小林見本市見本町1-1",
        "月曜から金曜 8:30〜17:15（祝日・年末年始を除く）",
        "宮崎地方裁判所",
        time(15),
    ),
    "hamamatsu": SampleOffice(
        "90002",
        ("mihon-22", "見本・静岡労働局"),
        "見本・マザーズ浜松",
        "見本県浜松見本市見本町2-2",
        "月曜から金曜 9:00〜17:00（祝日・年末年始を除く）",
        "静岡地方裁判所",
        time(16),
    ),
    "sasebo": SampleOffice(
        "90003",
        ("mihon-42", "見本・長崎労働局"),
        "見本・佐世保",
        "見本県佐世保見本市見本町3-3",
        "月曜から金曜 8:30〜17:15（祝日・年末年始を除く）",
        "長崎地方裁判所",
        time(15),
    ),
    "zenkoku": SampleOffice(
        "90004",
        ("mihon-00", "見本・中央労働局"),
        "見本・中央",
        "見本都中央見本区見本町4-4",
        "月曜から金曜 9:00〜17:00（祝日・年末年始を除く）",
        "東京地方裁判所",
        time(15),
    ),
}


def load_offices() -> dict[str, Office]:
    offices = {}
    for key, sample in OFFICES.items():
        bureau, _created = Bureau.objects.get_or_create(code=sample.bureau[0], defaults={"name": sample.bureau[1]})
        offices[key], _created = Office.objects.get_or_create(
            number=sample.number,
            defaults={
                "bureau": bureau,
                "name": sample.name,
                "address": sample.address,
                "phone": f"0000-00-{sample.number[1:]}",
                "contact_hours": sample.contact_hours,
                "email": f"madoguchi@{key}.mihon.example",
                "court": sample.court,
                "reminder_at": sample.reminder_at,
            },
        )
    return offices


def load_rules_of_offices(offices: dict[str, Office]) -> None:
    """What follows a no-show; interpreters where there are any."""
    for office in offices.values():
        ConsequenceRule.objects.get_or_create(
            office=office,
            in_force_on=RULES_SINCE,
            defaults={"within_months": 6, "warns_from": 1, "restricts_from": 3, "restricts_months": 1},
        )
    for language, weekday in ((Language.PORTUGUESE, 1), (Language.PORTUGUESE, 3), (Language.VIETNAMESE, 2)):
        for key in ("kobayashi", "zenkoku"):
            InterpreterHours.objects.get_or_create(
                office=offices[key], language=language, weekday=weekday, opens=time(9), closes=time(12)
            )


def load_closed_days(offices: dict[str, Office], *, today: date) -> None:
    """One day each, about three weeks ahead, on which the office would otherwise be open."""
    for number, office in enumerate(offices.values()):
        day = business_day_after(office, today + timedelta(days=20 + number))
        ClosedDay.objects.get_or_create(office=office, day=day, defaults={"reason": "庁舎設備の点検（見本）"})


def business_day_after(office: Office, day: date) -> date:
    """The first business day of the office after that day."""
    calendar = calendar_of(office, day, day + timedelta(days=30))
    return next(later for step in range(1, 31) if calendar.is_business_day(later := day + timedelta(days=step)))
