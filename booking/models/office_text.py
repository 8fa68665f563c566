from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.enums import TextPlace
from booking.models.service import Service
from offices.models import Office


class OfficeTextQuerySet(models.QuerySet["OfficeText"]):
    def visible_to(self, user: Any) -> "OfficeTextQuerySet":
        return self.filter(office__in=Office.objects.of_staff(user))


class OfficeText(models.Model):
    """案内文: a paragraph that an office adds to its mails, in one language. Without a service it is for all of them."""

    office = models.ForeignKey(Office, models.CASCADE, verbose_name=_("安定所"), related_name="texts")
    service = models.ForeignKey(
        Service,
        models.CASCADE,
        verbose_name=_("相談メニュー"),
        related_name="texts",
        null=True,
        blank=True,
        help_text=_("空欄にすると、すべての相談メニューのメールに入ります。"),
    )
    place = models.CharField(_("入る場所"), max_length=12, choices=TextPlace)
    language = models.CharField(_("言語"), max_length=10, default="ja")
    text = models.TextField(_("文章"), max_length=1000)

    objects = OfficeTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("メールの案内文")
        verbose_name_plural = _("メールの案内文")
        ordering = ["office", "service", "place", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["office", "service", "place", "language"],
                name="office_text_once",
                nulls_distinct=False,
                violation_error_message=_("同じ相談メニュー、場所、言語の案内文がすでにあります。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_place_display()}（{self.service.name if self.service else self.office.name}）"
