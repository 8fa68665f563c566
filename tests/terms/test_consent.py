from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from terms.consent import current_versions, give_consent, missing_consents
from terms.models import Consent, TermsDocument
from tests.factories import TermsDocumentFactory
from tests.terms.conftest import Publish

pytestmark = pytest.mark.django_db
APRIL = date(2026, 4, 1)


@pytest.mark.requirement("X-01")
def test_who_never_agreed_is_asked_for_the_text_in_force(
    person: User, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    version = version_of(portal)

    (missing,) = missing_consents(person, documents=[portal], on=today)

    assert (missing.version, missing.previous) == (version, None)


@pytest.mark.requirement("X-01")
def test_who_agreed_is_not_asked_again(person: User, portal: TermsDocument, version_of: Publish, today: date) -> None:
    give_consent(person, versions=[version_of(portal)], language="ja", request=None)

    assert missing_consents(person, documents=[portal], on=today) == []


@pytest.mark.requirement("X-02", "J-37")
def test_a_new_version_asks_again_and_names_the_one_agreed_to(
    person: User, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    first = version_of(portal)
    give_consent(person, versions=[first], language="ja", request=None)
    second = version_of(portal, 2, body="## 第1条\n\n新しい文です。")

    (missing,) = missing_consents(person, documents=[portal], on=today)

    assert (missing.version, missing.previous) == (second, first)
    assert [line.text for line in missing.differences if line.is_added] == ["## 第1条", "新しい文です。"]


@pytest.mark.requirement("X-02")
def test_a_version_without_new_consent_asks_nobody_who_agreed_before(
    person: User, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    give_consent(person, versions=[version_of(portal)], language="ja", request=None)
    version_of(portal, 2, needs_consent=False)

    assert missing_consents(person, documents=[portal], on=today) == []


def test_a_version_without_new_consent_still_asks_who_never_agreed(
    person: User, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    version_of(portal)
    typo_fix = version_of(portal, 2, needs_consent=False)

    assert [item.version for item in missing_consents(person, documents=[portal], on=today)] == [typo_fix]


def test_a_typo_fix_does_not_hide_a_change_in_between(
    person: User, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    give_consent(person, versions=[version_of(portal)], language="ja", request=None)
    version_of(portal, 2)
    typo_fix = version_of(portal, 3, needs_consent=False)

    assert [item.version for item in missing_consents(person, documents=[portal], on=today)] == [typo_fix]


@pytest.mark.requirement("X-02")
@pytest.mark.parametrize(
    ("moment", "number"),
    [
        pytest.param(datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC), 1, id="one second before midnight in Japan"),
        pytest.param(datetime(2026, 3, 31, 15, 0, 0, tzinfo=UTC), 2, id="midnight in Japan"),
    ],
)
def test_a_version_comes_into_force_at_midnight_in_japan(
    person: User, portal: TermsDocument, version_of: Publish, moment: datetime, number: int
) -> None:
    version_of(portal, 1, in_force_on=date(2025, 1, 6))
    version_of(portal, 2, in_force_on=APRIL)

    (missing,) = missing_consents(person, documents=[portal], on=timezone.localdate(moment))

    assert missing.version.number == number


def test_an_unpublished_version_is_ignored(
    person: User, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    version_of(portal, published_at=None)

    assert missing_consents(person, documents=[portal], on=today) == []


def test_current_versions_keep_the_order_of_the_documents(version_of: Publish, today: date) -> None:
    documents = TermsDocumentFactory.create_batch(3)
    for document in documents:
        version_of(document)

    asked = [documents[2], documents[0], documents[1]]

    assert [version.document for version in current_versions(asked, on=today)] == asked


def test_agreeing_twice_keeps_the_first_record(person: User, portal: TermsDocument, version_of: Publish) -> None:
    version = version_of(portal)
    give_consent(person, versions=[version], language="ja", request=None)
    give_consent(person, versions=[version], language="en", request=None)

    assert [consent.language for consent in Consent.objects.all()] == ["ja"]


def test_asking_takes_the_same_number_of_queries_for_many_documents(
    person: User, version_of: Publish, today: date, django_assert_num_queries: object
) -> None:
    documents = TermsDocumentFactory.create_batch(5)
    for document in documents:
        version_of(document, 1)
        version_of(document, 2, in_force_on=today - timedelta(days=1))

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert len(missing_consents(person, documents=documents, on=today)) == 5
