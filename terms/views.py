from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from terms import markdown
from terms.asking import ask_consent
from terms.clock import today
from terms.consent import ASKED_FOR, current_versions, portal_documents
from terms.models import TermsDocument, TermsVersion
from terms.next_path import back_path, next_path


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
    """The portal's terms and those named by `for`: what the person has not agreed to yet, on the way to `next`."""
    person = cast(AbstractBaseUser, request.user)
    documents = dict.fromkeys([*portal_documents(), *named_documents(request)])
    return ask_consent(
        request,
        person,
        documents=documents,
        next_path=next_path(request) or "/",
        back_path=back_path(request) or "/",
        contact=getattr(person, "home_office", None),
    )


def named_documents(request: HttpRequest) -> list[TermsDocument]:
    slugs = set(request.GET.getlist(ASKED_FOR))
    documents = list(TermsDocument.objects.filter(slug__in=slugs).order_by("pk")) if slugs else []
    if len(documents) < len(slugs):
        raise Http404("a document that does not exist")
    return documents


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
