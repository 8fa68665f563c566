"""What a seeker chose and typed on the way to a reservation: kept in the session, whatever happens in between."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from booking.forms import DetailsForm, details_known_of
from booking.models import PolicyVersion
from terms.forms import ConsentForm

KEY = "booking_draft"
TICKS_KEY = "booking_ticks"
CHOICE_KEY = "booking_choice"
LONGEST_KEPT = 4000
"""Characters of one answer, several times what any field takes: a session is read with every page."""


def keep(request: HttpRequest, form: DetailsForm) -> bool:
    """What another service asked stays: choosing another menu loses nothing. False when an answer was too long."""
    typed = form.typed()
    kept = {name: value for name, value in typed.items() if len(str(value)) <= LONGEST_KEPT}
    request.session[KEY] = {**request.session.get(KEY, {}), **kept}
    return len(kept) == len(typed)


def unbound_form(request: HttpRequest, version: PolicyVersion, *, kind: type[DetailsForm] = DetailsForm) -> DetailsForm:
    """To be filled in: with what was typed, else with what registration told."""
    known: Mapping[str, Any] = details_known_of(request.user) if request.user.is_authenticated else {}
    return kind(initial={**known, **request.session.get(KEY, {})}, version=version)


def bound_form(request: HttpRequest, version: PolicyVersion, *, kind: type[DetailsForm] = DetailsForm) -> DetailsForm:
    """What was typed, to be judged again: the draft may come from another service, or be missing."""
    return kind(request.session.get(KEY, {}), version=version)


def forget(request: HttpRequest) -> None:
    request.session.pop(KEY, None)
    request.session.pop(TICKS_KEY, None)


def keep_ticks(request: HttpRequest, form: ConsentForm) -> None:
    request.session[TICKS_KEY] = form.ticks


def kept_ticks(request: HttpRequest) -> dict[str, str]:
    return dict.fromkeys(request.session.get(TICKS_KEY, []), "on")


def keep_choice(request: HttpRequest, url: str) -> None:
    """A time chosen before signing in also lives through registration, which goes by mail and loses `next`."""
    request.session[CHOICE_KEY] = url


def kept_choice(request: HttpRequest) -> str | None:
    url: str | None = request.session.get(CHOICE_KEY)
    return url


def forget_choice(request: HttpRequest) -> None:
    request.session.pop(CHOICE_KEY, None)
