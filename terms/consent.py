"""Who agreed to which text, and who must be asked (X-01, X-02). Days are days in Japan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString

from audit.record import client_address, client_device
from terms.differences import Line, differences
from terms.markdown import render
from terms.models import Consent, Person, TermsDocument, TermsKind, TermsVersion, TermsVersionQuerySet, owner
from terms.next_path import BACK, NEXT

ASKED_FOR = "for"
"""The parameter of the page that names a document by its slug; may be repeated."""


@dataclass(frozen=True)
class MissingConsent:
    """A text in force that the person has not agreed to; `previous` is the earlier one they did agree to."""

    version: TermsVersion
    previous: TermsVersion | None

    @property
    def differences(self) -> list[Line]:
        return differences(self.previous.body, self.version.body) if self.previous else []

    @property
    def html(self) -> SafeString:
        return render(self.version.body, top_heading=3)


def portal_documents() -> "QuerySet[TermsDocument]":
    return TermsDocument.objects.filter(kind=TermsKind.PORTAL, office_number="").order_by("pk")


def current_versions(documents: Iterable[TermsDocument], *, on: date) -> list[TermsVersion]:
    """The version in force of each document on that day, in the order of the documents; none for one without."""
    documents = list(documents)
    found = {version.document_id: version for version in versions_of(documents).in_force(on)}
    return [found[document.pk] for document in documents if document.pk in found]


def missing_consents(person: Person, *, documents: Iterable[TermsDocument], on: date) -> list[MissingConsent]:
    """What the person (a user, or the subject of somebody without an account) has to agree to before going on. One query.

    A version that needs no new consent asks nobody who agreed to the last one that did, or to a later one.
    """
    if not isinstance(documents, QuerySet):
        documents = list(documents)
    mine = Consent.objects.of(person).filter(version=OuterRef("pk"))
    history = history_of(versions_of(documents).annotate(is_agreed=Exists(mine)), on=on)
    order = history if isinstance(documents, QuerySet) else [document.pk for document in documents]
    missing = (_missing_in(history.get(document, [])) for document in order)
    return [consent for consent in missing if consent is not None]


def _missing_in(history: Sequence[Any]) -> MissingConsent | None:
    """`history` is every version that is or was in force, oldest first, each with `is_agreed`."""
    previous: TermsVersion | None = None
    is_asked = True
    for version in history:
        if version.is_agreed:
            previous, is_asked = version, False
        elif version.needs_consent:
            is_asked = True
    return MissingConsent(history[-1], previous) if history and is_asked else None


def history_of(versions: TermsVersionQuerySet, *, on: date) -> dict[int, list[TermsVersion]]:
    versions = versions.was_in_force(on).order_by("document_id", "in_force_on", "number")
    return {pk: list(group) for pk, group in groupby(versions, key=lambda version: version.document_id)}


def versions_of(documents: Iterable[TermsDocument]) -> TermsVersionQuerySet:
    return TermsVersion.objects.filter(document__in=documents).select_related("document")


def give_consent(
    person: Person, *, versions: Iterable[TermsVersion], language: str, request: HttpRequest | None
) -> list[Consent]:
    """Keep that the person agreed to exactly these texts. Safe to run twice: the first record stays."""
    consents = [
        Consent(
            **owner(person),
            version=version,
            language=language,
            address=client_address(request),
            device=client_device(request),
        )
        for version in versions
    ]
    return Consent.objects.bulk_create(consents, ignore_conflicts=True)


def consent_url(documents: Iterable[TermsDocument] = (), *, next_path: str, back_path: str = "") -> str:
    """The page that asks for the portal's terms and these, then goes on to `next_path`; who refuses goes `back_path`."""
    query = QueryDict(mutable=True)
    query[NEXT] = next_path
    if back_path:
        query[BACK] = back_path
    query.setlist(ASKED_FOR, [document.slug for document in documents])
    return f"{reverse('terms:consent')}?{query.urlencode()}"
