from django.db import models
from django.utils.translation import gettext_lazy as _


class MeetingSoftware(models.TextChoices):
    ZOOM = "zoom", _("Zoom")


class AnnouncementKind(models.TextChoices):
    NOTICE = "notice", _("お知らせ")
    STOP = "stop", _("計画停止")
    TERMS = "terms", _("規約の変更")
