import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Any, TypeAlias

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

Person: TypeAlias = AbstractBaseUser | str
"""Who agrees: a user, or the subject (a text such as `guest:<uuid>`) of somebody without an account."""
SUBJECT_MAX_LENGTH = 100


def owner(person: Person) -> dict[str, Any]:
    """The fields of a consent that say whose it is. An empty subject is nobody: it would be everybody with an account."""
    if not isinstance(person, str):
        return {"person": person}
    if not person:
        raise ValueError("the subject of a consent is empty")
    return {"subject": person}


class TermsKind(models.TextChoices):
    PORTAL = "portal", _("ポータルの利用規約")
    SERVICE = "service", _("相談メニューの利用規約")
    SOFTWARE = "software", _("会議ソフトの利用規約")


class TermsDocument(models.Model):
    """Something a person agrees to. Its texts are the versions."""

    kind = models.CharField(_("種類"), max_length=10, choices=TermsKind)
    title = models.CharField(_("表題"), max_length=100)
    slug = models.SlugField(_("URL名"), unique=True)
    office_number = models.CharField(_("安定所番号"), max_length=5, blank=True, help_text=_("空欄は全国共通です。"))

    class Meta:
        verbose_name = _("規約")
        verbose_name_plural = _("規約")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("terms:document", args=[self.slug])

    def next_number(self) -> int:
        return (self.versions.aggregate(last=models.Max("number"))["last"] or 0) + 1


class TermsVersionQuerySet(models.QuerySet["TermsVersion"]):
    def published(self) -> "TermsVersionQuerySet":
        """What the public may read: past, current and announced versions; no drafts."""
        return self.filter(published_at__isnull=False)

    def was_in_force(self, on: date) -> "TermsVersionQuerySet":
        """Published versions whose day has come, replaced ones included."""
        return self.published().filter(in_force_on__lte=on)

    def in_force(self, on: date) -> "TermsVersionQuerySet":
        """The newest published version of each document on that day."""
        return self.was_in_force(on).order_by("document_id", "-in_force_on", "-number").distinct("document_id")

    def lock(self) -> "TermsVersionQuerySet":
        return self.select_for_update(of=("self",), no_key=True)


class TermsVersion(models.Model):
    """One text of a document. Immutable once in force: a trigger refuses the change."""

    document = models.ForeignKey(TermsDocument, models.PROTECT, verbose_name=_("規約"), related_name="versions")
    number = models.PositiveIntegerField(_("版"), validators=[MinValueValidator(1)])
    body = models.TextField(_("本文（Markdown）"))
    summary_of_changes = models.TextField(_("変更点の要約"), blank=True)
    made_on = models.DateField(_("制定日"))
    in_force_on = models.DateField(_("施行日"))
    needs_consent = models.BooleanField(_("再同意が必要"), default=True)
    published_at = models.DateTimeField(_("公開日時"), null=True, blank=True)
    sha256 = models.CharField(_("本文のSHA-256"), max_length=64, editable=False)

    objects = TermsVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("規約の版")
        verbose_name_plural = _("規約の版")
        ordering = ["document", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="terms_version_number_unique_in_document"),
            models.CheckConstraint(
                condition=models.Q(in_force_on__gte=models.F("made_on")),
                name="terms_in_force_not_before_made",
                violation_error_message=_("施行日は制定日以後の日付にしてください。"),
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(title)s 第%(number)d版") % {"title": self.document, "number": self.number}

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Keep the fingerprint of exactly this text beside it."""
        self.sha256 = hashlib.sha256(self.body.encode()).hexdigest()
        if update_fields is not None:
            update_fields = {*update_fields, "sha256"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("terms:version", args=[self.document.slug, self.number])

    def is_fixed(self, *, on: date) -> bool:
        """Published and its day has come: nobody may change it any more."""
        return self.published_at is not None and self.in_force_on <= on

    def previous(self) -> "TermsVersion | None":
        """The published version that this one replaces or will replace."""
        return (
            TermsVersion.objects.published()
            .filter(document=self.document_id, in_force_on__lte=self.in_force_on)
            .exclude(pk=self.pk)
            .exclude(in_force_on=self.in_force_on, number__gt=self.number)
            .order_by("-in_force_on", "-number")
            .first()
        )


class ConsentQuerySet(models.QuerySet["Consent"]):
    def of(self, person: Person) -> "ConsentQuerySet":
        return self.filter(**owner(person))


class Consent(models.Model):
    """Somebody agreed to exactly this text (X-01). Append-only: a trigger refuses UPDATE and DELETE.

    `person` is who has an account; `subject` names who has none, in the words of the app that knows them.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("同意した人"),
        null=True,
        blank=True,
        related_name="consents",
    )
    subject = models.CharField(
        _("同意した人（アカウントなし）"), max_length=SUBJECT_MAX_LENGTH, blank=True, default="", db_default=""
    )
    version = models.ForeignKey(TermsVersion, models.PROTECT, verbose_name=_("規約の版"), related_name="consents")
    language = models.CharField(_("表示言語"), max_length=10)
    at = models.DateTimeField(_("同意日時"), auto_now_add=True)
    address = models.GenericIPAddressField(_("IPアドレス"), null=True, blank=True)
    device = models.CharField(_("端末"), max_length=300, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("同意")
        verbose_name_plural = _("同意")
        constraints = [
            models.UniqueConstraint(fields=["person", "version"], name="consent_once_per_version"),
            models.UniqueConstraint(
                fields=["subject", "version"],
                condition=~models.Q(subject=""),
                name="consent_of_subject_once_per_version",
            ),
            models.CheckConstraint(
                condition=models.Q(person__isnull=False, subject="")
                | (models.Q(person__isnull=True) & ~models.Q(subject="")),
                name="consent_of_person_or_subject",
                violation_error_message=_("アカウントのある人か、ない人か、どちらか一方を指定してください。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject or self.person_id} → {self.version}"
