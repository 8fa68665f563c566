"""When was an account last used, and when is a year without use over (J-17, X-16)? Pure but for the two queries.

Use is a successful sign-in, or what apps above register: accounts knows none of them.

    @last_use
    def last_booking() -> Expression: ...        # a moment of the user OuterRef("pk"), NULL for none

    @keeps_account
    def coming(*, now) -> Expression: ...        # true while the user OuterRef("pk") is waited for

Register in a module that the app's `apps.py` imports in `ready()`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.db.models.functions import Greatest

from accounts.models import User, UserQuerySet
from terms.clock import today

FEBRUARY_29 = (2, 29)
SHORTEST_YEAR = timedelta(days=365)


class Reason(Protocol):
    def __call__(self, *, now: datetime) -> Any: ...


C = TypeVar("C", bound=Callable[..., object])
_uses: list[Callable[[], Any]] = []
_reasons_to_keep: list[Reason] = []


def last_use(use: C) -> C:
    if use not in _uses:
        _uses.append(use)
    return use


def keeps_account(reason: C) -> C:
    if reason not in _reasons_to_keep:
        _reasons_to_keep.append(reason)
    return reason


def unused_accounts(now: datetime) -> UserQuerySet:
    """With `used_at`: those to be written to or erased soon. No staff, nobody who is locked out, nobody who is waited for."""
    people = User.objects.filter(is_staff=False, is_superuser=False, is_active=True, deleted_at=None)
    for reason in _reasons_to_keep:
        people = people.exclude(reason(now=now))
    used_at = Greatest("date_joined", "last_login", *[use() for use in _uses])
    first_notice_not_before = now - SHORTEST_YEAR + max(settings.UNUSED_ACCOUNT_NOTICES)
    unused: UserQuerySet = people.annotate(used_at=used_at).filter(used_at__lt=first_notice_not_before)
    return unused


def year_is_over_on(used_on: date) -> date:
    """The first day after a whole year without use.

    The day of the use is not counted (民法140条). The year ends with the eve of the day with the number of its first
    one, or with the last day of the month where there is none (民法143条2項).
    """
    first = used_on + timedelta(days=1)
    year = first.year + settings.UNUSED_ACCOUNT_YEARS
    return (
        date(year, 3, 1) if (first.month, first.day) == FEBRUARY_29 and not _is_leap(year) else first.replace(year=year)
    )


@dataclass(frozen=True)
class Plan:
    """What is due for an account today. `given` says on which day each notice was written, by its days beforehand."""

    used_on: date
    given: Mapping[int, date]
    today: date

    @property
    def erased_on(self) -> date:
        """After the year, and never sooner after a notice than it says, however late the notice was."""
        promised = [self.given.get(days, self.today) + timedelta(days=days) for days in notice_days()]
        return max(year_is_over_on(self.used_on), *promised)

    @property
    def notice_due(self) -> int | None:
        """How many days beforehand the notice of today is, if there is one."""
        left = (self.erased_on - self.today).days
        return next((days for days in notice_days() if days not in self.given and left <= days), None)

    @property
    def is_to_be_erased(self) -> bool:
        return self.today >= self.erased_on


def notice_days() -> list[int]:
    return sorted((notice.days for notice in settings.UNUSED_ACCOUNT_NOTICES), reverse=True)


def used_on(person: Any) -> date:
    """Of a row of `unused_accounts`."""
    return today(person.used_at)


def _is_leap(year: int) -> bool:
    return date(year, 3, 1) - date(year, 2, 28) == timedelta(days=2)
