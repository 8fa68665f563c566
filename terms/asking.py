"""The page on which a person agrees, for the views of every app: also for people without an account (S-37, X-01)."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language

from terms.clock import today
from terms.consent import give_consent, missing_consents
from terms.contacts import Contact, contact_of
from terms.forms import ConsentForm
from terms.models import Person, TermsDocument


def ask_consent(
    request: HttpRequest,
    person: Person,
    *,
    documents: Iterable[TermsDocument],
    next_path: str,
    back_path: str = "/",
    contact: Contact | None = None,
) -> HttpResponse:
    """Show what `person` has not agreed to; only who agrees to all of it goes on to `next_path`.

    The paths are judged already (terms.next_path). `contact` helps who refuses, unless a text asked for is of an office.
    """
    missing = missing_consents(person, documents=documents, on=today(timezone.now()))
    if not missing:
        return redirect(next_path)
    form = ConsentForm(request.POST if request.method == "POST" else None, missing=missing)
    if form.is_valid():
        give_consent(person, versions=form.versions, language=get_language() or "ja", request=request)
        return redirect(next_path)
    office = contact_of(item.version.document.office_number for item in missing) or contact
    return render(request, "terms/consent.html", {"form": form, "office": office, "back_path": back_path})
