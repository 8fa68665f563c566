import re
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.clock import JST
from demo.sample.offices import load_offices
from demo.sample.terms import load_terms
from offices.models import Office

TAGS = re.compile(r"<[^>]+>")


def text_of(answer: Any) -> str:
    """The page as a person reads it: no tags, no line breaks of the source."""
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", unescape(TAGS.sub("\n", answer.content.decode())))


class Reader:
    """Somebody who only reads: pages of the portal and articles of its terms, without signing in."""

    def __init__(self) -> None:
        self.client = Client()

    def page(self, name: str, *args: object) -> str:
        return text_of(self.client.get(reverse(f"booking:{name}", args=args)))

    def terms(self, slug: str, number: int | None = None) -> str:
        """The whole page of a version; of the one in force without a number."""
        url = (
            reverse("terms:document", args=[slug]) if number is None else reverse("terms:version", args=[slug, number])
        )
        return text_of(self.client.get(url))

    def article(self, slug: str, heading: str) -> str:
        """One article of the version in force, from its heading to the next."""
        page = self.client.get(reverse("terms:document", args=[slug])).content.decode()
        for part in page.split("<h2")[1:]:
            title, _, body = part.partition("</h2>")
            if title.partition(">")[2].startswith(heading):
                return re.sub(r"\s+", " ", unescape(TAGS.sub("\n", body.partition("</article>")[0])))
        raise AssertionError(f"{slug} has no article {heading}")


@pytest.fixture
def now(freeze: Any, db: None) -> datetime:
    """A Wednesday morning after the dates of all sample terms."""
    moment: datetime = freeze(datetime(2026, 6, 10, 9, 20, tzinfo=JST))
    return moment


@pytest.fixture
def offices(now: datetime) -> dict[str, Office]:
    """The sample offices with their terms."""
    offices = load_offices()
    load_terms(offices)
    return offices


@pytest.fixture
def reader(offices: dict[str, Office]) -> Reader:
    return Reader()
