"""Whom to call about the terms of an office. terms knows its number only; the app above that knows more says so:

    @finds_contact
    def contact(number, /) -> Contact | None: ...

Register in a module that the app's `apps.py` imports in `ready()`.
"""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar


class Contact(Protocol):
    name: str
    phone: str
    contact_hours: str


Finder = Callable[[str], Contact | None]
F = TypeVar("F", bound=Finder)
_finders: list[Finder] = []


def finds_contact(finder: F) -> F:
    if finder not in _finders:
        _finders.append(finder)
    return finder


def contact_of(office_numbers: Iterable[str]) -> Contact | None:
    """Of the first office among them that somebody knows; empty numbers are national terms and nobody's."""
    found = (finder(number) for number in office_numbers if number for finder in _finders)
    return next((contact for contact in found if contact is not None), None)
