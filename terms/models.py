import hashlib
from datetime import date

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class TermsKind(models.TextChoices):
    PORTAL = "portal", _("ポータルの利用規約")
    SERVICE = "service", _("相談メニューの利用規約")
    SOFTWARE = "software", _("会議ソフトの利用規約")


class TermsDocument(models.Model):
    """Something a person agrees to. Its texts are the versions."""

    kind = models.CharField(_("種類"), max_length=10, choices=TermsKind)
    title = models.CharField(_("表題"), max_length=100)
    slug = models.SlugField(_("URL名"), unique=True)
    office_number = models.CharField(
        _("安定所番号"), max_length=5, blank=True, help_text=_("空欄は全国共通。terms は offices を知らないため番号で持ちます。")
    )

    class Meta:
        verbose_name = _("規約")
        verbose_name_plural = _("規約")

    def __str__(self) -> str:
        return self.title


class TermsVersionQuerySet(models.QuerySet["TermsVersion"]):
    def in_force(self, on: date) -> "TermsVersionQuerySet":
        """The newest published version of each document on that day."""
        return (
            self.filter(published_at__isnull=False, in_force_on__lte=on)
            .order_by("document_id", "-in_force_on", "-number")
            .distinct("document_id")
        )


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
        return f"{self.document} 第{self.number}版"

    def save(self, *args: object, **kwargs: object) -> None:
        self.sha256 = hashlib.sha256(self.body.encode()).hexdigest()
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class Consent(models.Model):
    """A person agreed to exactly this text (X-01). Append-only: a trigger refuses UPDATE and DELETE."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("同意した人"), related_name="consents"
    )
    version = models.ForeignKey(TermsVersion, models.PROTECT, verbose_name=_("規約の版"), related_name="consents")
    language = models.CharField(_("表示言語"), max_length=10)
    at = models.DateTimeField(_("同意日時"), auto_now_add=True)
    address = models.GenericIPAddressField(_("IPアドレス"), null=True, blank=True)
    device = models.CharField(_("端末"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("同意")
        verbose_name_plural = _("同意")
        constraints = [models.UniqueConstraint(fields=["person", "version"], name="consent_once_per_version")]

    def __str__(self) -> str:
        return f"{self.person_id} → {self.version}"
