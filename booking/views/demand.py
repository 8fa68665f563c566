"""Unmet demand: counted while people look for a time, told to the office in numbers without names."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.ratelimits import network_of
from booking.agenda import DAYS_OF_A_WEEK, monday_of
from booking.clock import day_of
from booking.demand import demand_of, note_nothing_found
from booking.models import Service, UnmetDemand, WaitingEntry
from booking.views.office import chosen_day, office_page
from offices.models import Office

Kind = UnmetDemand.Kind
SPANS = {"week": (DAYS_OF_A_WEEK, 12), "day": (1, 28)}
"""What a line of the table stands for: so many days, and how many lines there are."""


@dataclass(frozen=True)
class Line:
    """A week, or a day, with its numbers."""

    first_day: date
    last_day: date
    found_nothing: int
    waiting: int


def note_visitor(request: HttpRequest, service: Service, *, now: datetime) -> None:
    """This visitor was shown no free time. Somebody without an account is told apart by the network."""
    person = request.user
    address = str(get_adapter().get_client_ip(request))
    visitor = f"user {person.pk}" if person.is_authenticated else network_of(address)
    note_nothing_found(service, visitor=visitor, now=now)


@require_safe
def unmet_demand(request: HttpRequest) -> HttpResponse:
    """For each service: how often nothing was found, how many began to wait, how many wait now."""
    context, office = office_page(request, title=_("空きがなかった回数"))
    if office is not None:
        by = request.GET.get("by") if request.GET.get("by") in SPANS else "week"
        today = day_of(timezone.now())
        last_day = min(chosen_day(request, "until", default=today), today)
        context |= {"by": by, "until": last_day, "tables": tables_of(office, by=str(by), last_day=last_day)}
    return TemplateResponse(request, "admin/demand.html", context)


def tables_of(office: Office, *, by: str, last_day: date) -> list[dict[str, Any]]:
    """The newest week or day first. Three queries, however many services."""
    length, count = SPANS[by]
    newest = monday_of(last_day) if by == "week" else last_day
    begins = [newest - timedelta(days=length * back) for back in range(count)]
    services = list(Service.objects.filter(office=office))
    numbers = numbers_of(services, begins, days=length)
    waiting = WaitingEntry.objects.in_line().order_by().filter(service__in=services).values("service")
    in_line = dict(waiting.annotate(people=Count("pk")).values_list("service", "people"))
    return [
        {
            "service": service,
            "in_line": in_line.get(service.pk, 0),
            "lines": [line_of(numbers, service, begin, days=length) for begin in begins],
        }
        for service in services
    ]


def numbers_of(services: Sequence[Service], begins: Sequence[date], *, days: int) -> Counter[tuple[int, date, str]]:
    """By service, first day of the line, and kind."""
    numbers: Counter[tuple[int, date, str]] = Counter()
    last = begins[0] + timedelta(days=days - 1)
    for row in demand_of(services, first_day=begins[-1], last_day=last):
        begin = begins[-1] + (row.day - begins[-1]) // timedelta(days=days) * timedelta(days=days)
        numbers[row.service_id, begin, row.kind] += row.count
    return numbers


def line_of(numbers: Counter[tuple[int, date, str]], service: Service, begin: date, *, days: int) -> Line:
    return Line(
        first_day=begin,
        last_day=begin + timedelta(days=days - 1),
        found_nothing=numbers[service.pk, begin, Kind.FOUND_NOTHING],
        waiting=numbers[service.pk, begin, Kind.WAITING],
    )
