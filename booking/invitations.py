"""The calendar file of a reservation (RFC 5545, 5546, 6047; domain-and-standards E).

UID never changes, SEQUENCE is the stored number that rises with each change, and the portal's page stands where others
put the raw link. REQUEST and CANCEL go out by mail; PUBLISH, without ATTENDEE, is the file to download.
"""

from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event, vCalAddress

from booking.clock import JST
from booking.enums import UPCOMING
from booking.guest_access import personal_url
from booking.models import Reservation
from booking.taking_part import TakingPart, taking_part_in
from mailing.composers import CalendarFile

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]


def calendar_file(reservation: Reservation, *, method: Method, now: datetime) -> CalendarFile:
    """In the person's language, mailed or downloaded: it is one event."""
    with translation.override(reservation.person.language):
        return _calendar_file(reservation, method=method, now=now)


def _calendar_file(reservation: Reservation, *, method: Method, now: datetime) -> CalendarFile:
    calendar = Calendar()
    calendar.add("prodid", "-//Hello Work//Online Counseling//JA")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(_event(reservation, method=method, now=now))
    calendar.add_missing_timezones()
    return CalendarFile(content=calendar.to_ical(), method=method)


def page_url(reservation: Reservation) -> str:
    """The reservation's page in the portal: behind sign-in, for a guest behind a signed link (S-33)."""
    if reservation.seeker_id is None:
        return personal_url(reservation)
    return f"{settings.PORTAL_URL}{reservation.get_absolute_url()}"


def _event(reservation: Reservation, *, method: Method, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{reservation.uuid}@{urlsplit(settings.PORTAL_URL).hostname}")
    event.add("sequence", reservation.calendar_sequence)
    event.add("dtstamp", now.astimezone(JST))
    event.add("last-modified", now.astimezone(JST))
    event.add("dtstart", reservation.starts_at.astimezone(JST))
    event.add("dtend", reservation.ends_at.astimezone(JST))
    taking_part = taking_part_in(reservation)
    event.add("summary", _summary(reservation, taking_part))
    event.add("location", _location(taking_part))
    event.add("description", _description(reservation, taking_part))
    event.add("url", page_url(reservation))
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    event.add("organizer", _organizer(reservation))
    if method != "PUBLISH":
        event.add("attendee", _attendee(reservation))
    if method == "CANCEL" or reservation.status not in UPCOMING:
        event.add("status", "CANCELLED")
    else:
        event.add("status", "CONFIRMED")
        event.add_component(_alarm())
    return event


def _summary(reservation: Reservation, taking_part: TakingPart) -> str:
    facts = {"office": reservation.office.name}
    return (_("電話相談（%(office)s）") if taking_part.is_by_phone else _("オンライン相談（%(office)s）")) % facts


def _location(taking_part: TakingPart) -> str:
    if not taking_part.is_by_phone:
        return _("オンライン（%s）") % taking_part.label
    if taking_part.office_calls:
        return _("電話（ハローワークからお電話します）")
    return _("電話（%s へお電話ください）") % taking_part.number


def _description(reservation: Reservation, taking_part: TakingPart) -> str:
    lines = [
        _("予約番号: %s") % reservation.display_number,
        *([_location(taking_part)] if taking_part.is_by_phone else []),
        _("参加のしかたと取消は、予約のページをご覧ください。"),
        page_url(reservation),
        _("カレンダーで「辞退」を選んでも、予約は取り消されません。"),
    ]
    return "\n".join(lines)


def _organizer(reservation: Reservation) -> vCalAddress:
    organizer = vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    organizer.params["CN"] = reservation.office.name
    return organizer


def _attendee(reservation: Reservation) -> vCalAddress:
    attendee = vCalAddress(f"mailto:{reservation.email}")
    for name, value in [
        ("CUTYPE", "INDIVIDUAL"),
        ("ROLE", "REQ-PARTICIPANT"),
        ("PARTSTAT", "ACCEPTED"),
        ("RSVP", "FALSE"),
    ]:
        attendee.params[name] = value
    return attendee


def _alarm() -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _("まもなく相談の時間です。"))
    alarm.add("trigger", timedelta(minutes=-30))
    return alarm
