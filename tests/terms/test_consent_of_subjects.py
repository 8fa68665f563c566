"""Consent of people without an account: terms keeps a text for them and does not know what it means."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import User
from terms.consent import give_consent, missing_consents
from terms.models import Consent, Person, TermsDocument
from terms.retention import purge_consents_of
from tests.factories import TermsDocumentFactory
from tests.terms.conftest import Publish

pytestmark = pytest.mark.django_db
GUEST = "guest:0c2a"
OTHER = "guest:0c2b"


def agree(person: Person, *versions: object) -> None:
    give_consent(person, versions=versions, language="ja", request=None)  # type: ignore[arg-type]


@pytest.mark.requirement("X-01")
def test_who_has_no_account_is_asked_once(portal: TermsDocument, version_of: Publish, today: object) -> None:
    version = version_of(portal)
    assert [item.version for item in missing_consents(GUEST, documents=[portal], on=today)] == [version]

    agree(GUEST, version)

    assert missing_consents(GUEST, documents=[portal], on=today) == []


@pytest.mark.requirement("X-02", "S-37")
def test_a_new_version_asks_who_has_no_account_again(portal: TermsDocument, version_of: Publish, today: object) -> None:
    first = version_of(portal)
    agree(GUEST, first)
    second = version_of(portal, 2)

    (missing,) = missing_consents(GUEST, documents=[portal], on=today)

    assert (missing.version, missing.previous) == (second, first)


def test_consents_of_others_are_not_mine(
    person: User, portal: TermsDocument, version_of: Publish, today: object
) -> None:
    version = version_of(portal)
    agree(person, version)
    agree(OTHER, version)

    assert missing_consents(GUEST, documents=[portal], on=today)


def test_the_consent_of_a_subject_is_nobodys_else(
    person: User, portal: TermsDocument, version_of: Publish, today: object
) -> None:
    agree(GUEST, version_of(portal))

    assert missing_consents(person, documents=[portal], on=today)
    assert missing_consents(OTHER, documents=[portal], on=today)


def test_an_empty_subject_is_refused_as_it_would_be_everybody_with_an_account(
    person: User, portal: TermsDocument, version_of: Publish, today: object
) -> None:
    version = version_of(portal)
    agree(person, version)

    with pytest.raises(ValueError, match="empty"):
        missing_consents("", documents=[portal], on=today)
    with pytest.raises(ValueError, match="empty"):
        agree("", version)
    with pytest.raises(ValueError, match="empty"):
        purge_consents_of([""])


def test_agreeing_twice_keeps_the_first_record(portal: TermsDocument, version_of: Publish) -> None:
    version = version_of(portal)
    give_consent(GUEST, versions=[version], language="ja", request=None)
    give_consent(GUEST, versions=[version], language="en", request=None)

    assert [consent.language for consent in Consent.objects.of(GUEST)] == ["ja"]


def test_asking_a_subject_takes_one_query(
    version_of: Publish, today: object, django_assert_num_queries: object
) -> None:
    documents = TermsDocumentFactory.create_batch(5)
    for document in documents:
        version_of(document)

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert len(missing_consents(GUEST, documents=documents, on=today)) == 5


# --- What the database holds ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_somebody", [True, False], ids=["both", "neither"])
def test_a_consent_is_of_a_person_or_of_a_subject(
    person: User, portal: TermsDocument, version_of: Publish, is_somebody: bool
) -> None:
    version = version_of(portal)
    owners = {"person": person, "subject": GUEST} if is_somebody else {"person": None, "subject": ""}

    with pytest.raises(IntegrityError, match="consent_of_person_or_subject"), transaction.atomic():
        Consent.objects.create(version=version, language="ja", **owners)

    without_constraint("consent_of_person_or_subject")
    Consent.objects.create(version=version, language="ja", **owners)


def test_a_subject_agrees_once_to_a_version(portal: TermsDocument, version_of: Publish) -> None:
    version = version_of(portal)
    Consent.objects.create(subject=GUEST, version=version, language="ja")

    with pytest.raises(IntegrityError, match="consent_of_subject_once_per_version"), transaction.atomic():
        Consent.objects.create(subject=GUEST, version=version, language="ja")

    Consent.objects.create(subject=OTHER, version=version, language="ja")


def without_constraint(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE terms_consent DROP CONSTRAINT {name}")


def test_the_consent_of_a_subject_is_append_only_too(portal: TermsDocument, version_of: Publish) -> None:
    agree(GUEST, version_of(portal))

    for change in (lambda: Consent.objects.update(subject=OTHER), lambda: Consent.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_the_app_that_knows_the_subjects_says_when_their_records_go(
    person: User, portal: TermsDocument, version_of: Publish
) -> None:
    version = version_of(portal)
    for somebody in (person, GUEST, OTHER):
        agree(somebody, version)

    assert purge_consents_of([GUEST, "guest:unknown"]) == 1
    assert {(consent.person, consent.subject) for consent in Consent.objects.all()} == {(person, ""), (None, OTHER)}


def test_nobody_named_is_nobody_purged(person: User, portal: TermsDocument, version_of: Publish) -> None:
    agree(person, version_of(portal))

    assert purge_consents_of([]) == 0
    assert Consent.objects.exists()
