"""Links of meeting software that the portal cannot command: which may be entered, which sessions touch, when staff are warned.

Whoever follows a link trusts the portal, so a field for any address would be a gift to phishing (zoom contract D).
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from urllib.parse import urlsplit

from booking.errors import Reason
from booking.policies import BusinessDaysBefore

URL_MAX_LENGTH = 500
PRINTABLE = re.compile(r"[!#$%&'()*+,\-./:;=?@\[\]_~0-9A-Za-z]+")
"""What RFC 3986 allows. Browsers read a backslash as a slash and leave out tabs: with them the host is another one."""
HOST = re.compile(r"[0-9a-z-]+(\.[0-9a-z-]+)+")
DAYS_WITHOUT_LINK = 3
"""Business days. After 5 without a mail the person is told to call the office (第6条(3), S-25)."""
DAYS_BEFORE_SESSION = 2
"""Business days: the session may be earlier than the five days (X-14)."""


def why_not_link(url: str, *, allowed_hosts: Sequence[str]) -> Reason | None:
    """https, without an account in it, to one of the hosts or a subdomain of it; at most 500 characters."""
    if len(url) > URL_MAX_LENGTH:
        return Reason("link_too_long", {"most": URL_MAX_LENGTH})
    if not PRINTABLE.fullmatch(url):
        return Reason("link_unreadable")
    try:
        parts = urlsplit(url)
        has_port = parts.port is not None
    except ValueError:
        return Reason("link_unreadable")
    if parts.scheme != "https":
        return Reason("link_not_https")
    if "@" in parts.netloc:
        return Reason("link_unreadable")
    if not allowed_hosts:
        return Reason("no_link_hosts")
    if has_port or not is_host_allowed(parts.hostname or "", allowed_hosts=allowed_hosts):
        return Reason("link_host_not_allowed", {"hosts": "、".join(allowed_hosts)})
    return None


def is_host_allowed(host: str, *, allowed_hosts: Sequence[str]) -> bool:
    """One of them, or a name below one of them: `teleoffice.example` allows `room1.teleoffice.example`."""
    known = [allowed.lower() for allowed in allowed_hosts]
    return bool(HOST.fullmatch(host)) and any(host == name or host.endswith(f".{name}") for name in known)


def one_spelling(url: str) -> str:
    """The same room is the same text: scheme and host in lower case, without the port of https and spaces around it."""
    url = url.strip()
    scheme, mark, rest = url.partition("://")
    if not mark:
        return url
    end = next((position for position, sign in enumerate(rest) if sign in "/?#"), len(rest))
    return f"{scheme.lower()}://{_host_of(rest[:end])}{rest[end:] or '/'}"


def _host_of(place: str) -> str:
    return place.lower().removesuffix(":443").removesuffix(":")


def is_missing_too_long(
    *, since: date, session_on: date, today: date, business_days_before: BusinessDaysBefore
) -> bool:
    """From the third business day after `since` on, or from the second one before the session, whichever comes first.

    Neither `since` nor the day of the session is counted.
    """
    third_day_has_come = business_days_before(today + timedelta(days=1), DAYS_WITHOUT_LINK) > since
    return third_day_has_come or today >= business_days_before(session_on, DAYS_BEFORE_SESSION)
