from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from terms import markdown
from terms.clock import today
from terms.consent import current_versions, give_consent, missing_consents, portal_documents
from terms.forms import ConsentForm
from terms.models import TermsDocument, TermsVersion
from terms.next_path import next_path


@require_safe
def document_list(request: HttpRequest) -> HttpResponse:
    day = today(timezone.now())
    documents = TermsDocument.objects.order_by("office_number", "kind", "pk")
    return render(request, "terms/list.html", {"versions": current_versions(documents, on=day)})


@require_safe
def document(request: HttpRequest, slug: str) -> HttpResponse:
    day = today(timezone.now())
    version = get_object_or_404(TermsVersion.objects.in_force(day).select_related("document"), document__slug=slug)
    return render(request, "terms/version.html", version_context(version))


@require_safe
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    published = TermsVersion.objects.published().select_related("document")
    found = get_object_or_404(published, document__slug=slug, number=number)
    return render(request, "terms/version.html", version_context(found))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    day = today(timezone.now())
    named = TermsDocument.objects.filter(slug__in=request.GET.getlist("document")).order_by("pk")
    documents = dict.fromkeys([*portal_documents(), *named])
    missing = missing_consents(request.user, documents=documents, on=day)
    if not missing:
        return redirect(next_path(request) or "/")
    form = ConsentForm(request.POST if request.method == "POST" else None, missing=missing)
    if form.is_valid():
        give_consent(request.user, versions=form.versions, language=get_language() or "", request=request)
        return redirect(next_path(request) or "/")
    return render(request, "terms/consent.html", {"form": form, "office": home_office(request.user)})


def version_context(version: TermsVersion) -> dict[str, Any]:
    day = today(timezone.now())
    current = TermsVersion.objects.in_force(day).filter(document=version.document).first()
    others = TermsVersion.objects.published().filter(document=version.document).order_by("-in_force_on", "-number")
    return {
        "version": version,
        "html": markdown.render(version.body),
        "current": current,
        "is_current": version == current,
        "is_announced": version.in_force_on > day,
        "others": others.exclude(pk=version.pk).select_related("document"),
    }


def home_office(person: Any) -> Any:
    """The office the person registered with, whose telephone helps those who do not agree. None before registration."""
    profile = getattr(person, "seeker_profile", None)
    return profile.home_office if profile else None
