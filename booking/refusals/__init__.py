"""Every refusal of the portal, in one table: its code, its words, the rule behind it.

A sentence says what is the matter and how to go on. `%(contact)s` is the office with its phone number and hours, `%(mail)s`
its mail address. The page for support staff lists this table. A module for each part of it.
"""

from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.clock import JST
from booking.errors import BookingError, Reason, SlotTaken
from booking.refusals.changes import CHANGES
from booking.refusals.entry import Refusal
from booking.refusals.links import LINKS
from booking.refusals.people import PEOPLE
from booking.refusals.session import SESSION
from booking.refusals.times import TIMES
from booking.refusals.ways import WAYS

__all__ = [
    "CHANGES",
    "LINKS",
    "PEOPLE",
    "REFUSALS",
    "SAMPLE_FACTS",
    "SESSION",
    "TIMES",
    "WAYS",
    "contact",
    "in_words",
    "refusal",
    "refusal_for",
    "sample_sentence",
]

REFUSALS: dict[str, Refusal] = {**TIMES, **PEOPLE, **WAYS, **CHANGES, **SESSION, **LINKS}


SAMPLE_FACTS: dict[str, object] = {
    "contact": _("ハローワーク見本（電話 03-0000-0000、月曜から金曜 8:30〜17:15）"),
    "mail": "（madoguchi@mihon.example）",
    "opens": _("6月1日(月) 0:00"),
    "until": _("6月1日(月) 11:00"),
    "other": _("6月8日(月)"),
    "time": "9:50",
    "language": _("ベトナム語"),
    "standings": _("ハローワークで求職登録をしている方"),
    "counselor": _("見本 花子"),
    "most": 2,
    "days": 7,
    "minutes": 10,
    "state": _("取り下げ"),
    "status": _("取消（本人）"),
    "rules": _("予約締切"),
    "hosts": "teleoffice.example",
    "number": "ABCD-2345",
    "starts": _("6月2日(火) 10:00"),
}
"""What the sentences speak of, as an example for support staff."""


def sample_sentence(code: str) -> str:
    """The sentence as somebody may read it."""
    return str(REFUSALS[code].sentence) % SAMPLE_FACTS


def refusal(code: str, *, office: Any = None, **facts: object) -> BookingError:
    """The refusal of that code, to be raised. `office` is whom to call; a sentence without %(contact)s needs none."""
    text = str(REFUSALS[code].sentence)
    words = {name: in_words(value) for name, value in facts.items()}
    if office is not None:
        words |= {"contact": contact(office), "mail": f"（{office.email}）" if office.email else ""}
    kind = SlotTaken if code in {"slot_taken", "no_host_free"} else BookingError
    return kind(text % words, code=code)


def refusal_for(reason: Reason, *, office: Any) -> BookingError:
    return refusal(reason.code, office=office, **reason.facts)


def in_words(fact: object) -> object:
    """Rules speak of moments and days; people read them in their language and in Japan time."""
    if isinstance(fact, datetime):
        return date_format(localtime(fact, JST), "DATETIME_FORMAT")
    return date_format(fact, "DATE_FORMAT") if isinstance(fact, date) else fact


def contact(office: Any) -> str:
    """ハローワーク見本（電話 03-…、月曜から金曜 9:00〜17:00）."""
    return gettext("%(office)s（電話 %(phone)s、%(hours)s）") % {
        "office": office.name,
        "phone": office.phone,
        "hours": office.contact_hours,
    }
