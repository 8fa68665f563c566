"""Announcing a version: from then on the public can read it, from its day on it binds and cannot change (X-02)."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from audit.record import record
from terms.clock import today
from terms.models import TermsVersion

OUTDATED_ARTICLES = ("第5条の4", "第５条の４", "5条の4", "５条の４")


@transaction.atomic
def publish(version: TermsVersion, *, by: Any, now: datetime, request: HttpRequest | None = None) -> TermsVersion:
    """Schedule the draft for its day, or put it in force today. Raises ValidationError when it cannot be announced."""
    locked = TermsVersion.objects.lock().select_related("document").get(pk=version.pk)
    if obstacles := list(obstacles_to_publishing(locked, today=today(now))):
        raise ValidationError(obstacles)
    locked.published_at = now
    locked.save(update_fields=["published_at"])
    record(
        "terms.published",
        actor=by,
        subject=f"{locked.document.slug}/{locked.number}",
        office_number=locked.document.office_number,
        detail={"sha256": locked.sha256, "in_force_on": locked.in_force_on.isoformat()},
        request=request,
    )
    return locked


def obstacles_to_publishing(version: TermsVersion, *, today: date) -> Iterator[str]:
    if version.published_at is not None:
        yield _("この版は、すでに公開されています。")
        return
    if version.in_force_on < today:
        yield _("施行日が過ぎています。今日以後の日付に変えてから公開してください。")
    others = TermsVersion.objects.published().filter(document=version.document_id)
    if others.filter(number__lt=version.number, in_force_on__gt=version.in_force_on).exists():
        yield _("前の版より先に施行することはできません。施行日を前の版の施行日以後にしてください。")
    if others.filter(number__gt=version.number).exists():
        yield _("これより新しい版がすでに公開されています。新しい版を作って公開してください。")
    if others.exists() and not version.summary_of_changes.strip():
        yield _("変更点の要約を入力してください。以前の版に同意した方に表示します。")


def hints(body: str) -> Iterator[str]:
    """What a person who drafts should look at again; never a refusal, offices publish their own words (X-05)."""
    if any(article in body for article in OUTDATED_ARTICLES):
        yield _("職業安定法の個人情報の条文は、2022年10月1日から第5条の5です。本文の「第5条の4」をご確認ください。")
