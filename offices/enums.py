from django.db import models
from django.utils.translation import gettext_lazy as _


class MeetingSoftware(models.TextChoices):
    ZOOM = "zoom", _("Zoom")
    LINK = "link", _("会議のURL（TeleOfficeなど）")
    PHONE = "phone", _("電話")


class PhoneCaller(models.TextChoices):
    """Who calls whom, where the session is by telephone."""

    OFFICE = "office", _("ハローワークから利用者に電話する")
    PERSON = "person", _("利用者からハローワークに電話する")


class AnnouncementKind(models.TextChoices):
    NOTICE = "notice", _("お知らせ")
    STOP = "stop", _("計画停止")
    TERMS = "terms", _("規約の変更")
