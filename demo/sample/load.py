"""Loads the sample data once; later runs touch nothing that people did and only open further weeks."""

from datetime import date, datetime, timedelta

from django.db import connection, transaction

from accounts.models import User
from audit.models import AuditRecord
from audit.record import record
from booking.clock import day_of
from demo.sample.announcements import load_announcements
from demo.sample.links import book_before_the_pool, load_pool
from demo.sample.offices import load_closed_days, load_offices, load_rules_of_offices
from demo.sample.people import People
from demo.sample.reservations import Cast, load_coming, load_past, load_today
from demo.sample.schedules import load_exceptions, open_weeks
from demo.sample.services import load_services
from demo.sample.terms import PORTAL, load_terms
from terms.consent import current_versions, give_consent
from terms.models import TermsDocument, TermsVersion

LOADED = "sample_data.loaded"
OPEN_BEFORE = timedelta(weeks=4)
OPEN_AHEAD = timedelta(weeks=12)
EXTENDED_BELOW = timedelta(weeks=8)
LOCK = 7_013_001
"""Any fixed number: two runs at the same time wait for each other."""


@transaction.atomic
def load(*, now: datetime) -> str:
    """Say in one line what was done."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    today = day_of(now)
    opened_until = last_opened_day()
    if opened_until is None:
        load_everything(now=now)
        remember(today + OPEN_AHEAD)
        return "Sample data loaded."
    if opened_until >= today + EXTENDED_BELOW:
        return "Sample data already there."
    open_weeks(first_day=max(opened_until + timedelta(days=1), today), last_day=today + OPEN_AHEAD)
    remember(today + OPEN_AHEAD)
    return "Sample data already there; opened further weeks."


def last_opened_day() -> date | None:
    newest = AuditRecord.objects.filter(action=LOADED).order_by("-pk").first()
    return date.fromisoformat(newest.detail["opened_until"]) if newest else None


def remember(opened_until: date) -> None:
    record(LOADED, detail={"opened_until": opened_until.isoformat()})


def load_everything(*, now: datetime) -> None:
    today = day_of(now)
    offices = load_offices()
    documents = load_terms(offices)
    services = load_services(offices, documents)
    people = People()
    seekers = people.load_seekers(offices)
    counselors = people.load_staff(offices, services)
    load_closed_days(offices, today=today)
    load_rules_of_offices(offices)
    load_announcements(offices, today=today, now=now)
    open_weeks(first_day=today - OPEN_BEFORE, last_day=today + OPEN_AHEAD)
    load_exceptions(counselors, today=today)
    agree_to_portal([people.load_employer(offices["sasebo"]), *seekers], documents[PORTAL], today=today)
    cast = Cast(services, seekers)
    load_past(cast, today=today)
    load_today(cast, now=now)
    book_before_the_pool(services["sasebo"], seekers[4], now=now)
    load_pool(offices["sasebo"])
    load_coming(cast, now=now)


def agree_to_portal(people: list[User], portal: TermsDocument, *, today: date) -> None:
    """Everybody agreed to the current text but the last one, who only knows the first and will be asked again."""
    *others, last = people
    for person in others:
        give_consent(person, versions=current_versions([portal], on=today), language="ja", request=None)
    give_consent(last, versions=TermsVersion.objects.filter(document=portal, number=1), language="ja", request=None)
