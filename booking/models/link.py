from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from offices.models import Office


class MeetingLinkQuerySet(models.QuerySet["MeetingLink"]):
    def lock(self) -> "MeetingLinkQuerySet":
        return self.select_for_update(of=("self",), no_key=True)

    def lock_pool_of(self, office_id: int) -> "list[MeetingLink]":
        """The links in use, locked in one order: rooms for one session first, those with a lobby when none is free."""
        pool = list(self.filter(office=office_id, is_active=True).lock().order_by("pk"))
        return sorted(pool, key=lambda link: (link.has_lobby, link.name))

    def visible_to(self, user: Any) -> "MeetingLinkQuerySet":
        return self.filter(office__in=Office.objects.of_staff(user))


class MeetingLink(models.Model):
    """会議のURL of an office's pool: a room of meeting software that the portal cannot command, such as TeleOffice.

    Without a lobby it never serves two sessions that touch: the next person would walk into the talk before.
    """

    office = models.ForeignKey(Office, models.PROTECT, verbose_name=_("安定所"), related_name="meeting_links")
    name = models.CharField(_("名前"), max_length=60, help_text=_("職員だけが見ます。例: 相談室1"))
    url = models.CharField(_("会議のURL"), max_length=500)
    number = models.CharField(_("会議の番号"), max_length=20, blank=True)
    passcode = models.CharField(_("パスコード"), max_length=20, blank=True)
    has_lobby = models.BooleanField(
        _("待機室がある"),
        default=False,
        help_text=_("職員が1人ずつ入室を許可する会議だけに付けてください。続けての相談にも使います。"),
    )
    is_active = models.BooleanField(_("使う"), default=True)

    objects = MeetingLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("会議のURL")
        verbose_name_plural = _("会議のURL")
        ordering = ["office", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["office", "name"],
                name="meeting_link_name_unique_in_office",
                violation_error_message=_("同じ名前の会議のURLがあります。"),
            ),
            models.UniqueConstraint(
                fields=["url"],
                name="meeting_link_once",
                violation_error_message=_("このURLは、すでに登録されています。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name
