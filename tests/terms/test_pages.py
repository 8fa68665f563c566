from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from terms.models import TermsDocument
from tests.terms.conftest import Publish

pytestmark = pytest.mark.django_db


def test_anybody_reads_the_list_and_is_asked_nothing(
    client: Client, portal: TermsDocument, version_of: Publish
) -> None:
    version_of(portal)

    page = client.get(reverse("terms:list"))

    assert "ポータル利用規約" in page.content.decode()


def test_a_document_without_a_text_in_force_is_not_listed(
    client: Client, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    version_of(portal, in_force_on=today + timedelta(days=1))

    assert "ポータル利用規約" not in client.get(reverse("terms:list")).content.decode()
    assert client.get(reverse("terms:document", args=["portal"])).status_code == 404


@pytest.mark.requirement("K-40")
def test_a_version_shows_its_number_and_both_dates(client: Client, portal: TermsDocument, version_of: Publish) -> None:
    version_of(portal, 3, made_on=date(2023, 10, 1), in_force_on=date(2025, 3, 11))

    page = client.get(reverse("terms:document", args=["portal"])).content.decode()

    assert "第3版" in page
    assert "2023年10月1日" in page
    assert "2025年3月11日" in page


@pytest.mark.requirement("X-02")
def test_an_old_version_stays_readable_and_says_that_it_is_old(
    client: Client, portal: TermsDocument, version_of: Publish
) -> None:
    version_of(portal, 1, body="昔の文です。")
    version_of(portal, 2)

    page = client.get(reverse("terms:version", args=["portal", 1])).content.decode()

    assert "昔の文です。" in page
    assert "すでに新しい版に替わっています" in page
    assert reverse("terms:version", args=["portal", 2]) in page


@pytest.mark.requirement("K-38", "H-38", "S-46")
def test_an_announced_version_is_readable_before_its_day(
    client: Client, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    version_of(portal, 1, body="今の文です。")
    version_of(portal, 2, body="次の文です。", in_force_on=today + timedelta(days=1))

    announced = client.get(reverse("terms:version", args=["portal", 2])).content.decode()
    current = client.get(reverse("terms:document", args=["portal"])).content.decode()

    assert "次の文です。" in announced
    assert "から効力を持ちます" in announced
    assert "今の文です。" in current


def test_a_draft_is_not_public(client: Client, portal: TermsDocument, version_of: Publish) -> None:
    version_of(portal, published_at=None)

    assert client.get(reverse("terms:version", args=["portal", 1])).status_code == 404


def test_a_script_in_a_text_is_shown_as_text(client: Client, portal: TermsDocument, version_of: Publish) -> None:
    version_of(portal, body="<script>alert(1)</script>")

    page = client.get(reverse("terms:document", args=["portal"])).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_reading_takes_no_more_queries_when_there_are_many_old_versions(
    client: Client, portal: TermsDocument, version_of: Publish, django_assert_max_num_queries: object
) -> None:
    for number in range(1, 12):
        version_of(portal, number)

    with django_assert_max_num_queries(4):  # type: ignore[operator]
        client.get(reverse("terms:version", args=["portal", 1]))
