from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.enums import Companion, Language, Standing


class Details(models.Model):
    """What a person tells the office: with a reservation, or with a request that the office arranges."""

    name = models.CharField(_("氏名"), max_length=150, blank=True)
    kana = models.CharField(_("ふりがな"), max_length=150, blank=True)
    phone = models.CharField(_("電話番号"), max_length=30, blank=True)
    phone_e164 = models.CharField(_("電話番号（発信用）"), max_length=16, blank=True)
    seeker_number = models.CharField(_("求職番号"), max_length=14, blank=True)
    standing = models.CharField(_("登録の状況"), max_length=20, choices=Standing, blank=True)
    has_device = models.BooleanField(_("カメラのある機器"), null=True, blank=True)
    topic = models.TextField(_("相談内容"), blank=True)
    companions = ArrayField(
        models.CharField(max_length=12, choices=Companion), verbose_name=_("同席する方"), default=list, blank=True
    )
    interpreter_language = models.CharField(_("同席する通訳の言語"), max_length=40, blank=True)
    office_interpreter = models.CharField(_("ハローワークの通訳"), max_length=4, choices=Language, blank=True)
    answers = models.JSONField(_("たずねた項目の答え"), default=list, blank=True)
    """[[label, answer], …]: the question as it was asked, so that a later change of the question changes no answer."""
    contact_email = models.EmailField(_("お知らせの送り先"), max_length=254, blank=True, default="", db_default="")
    """Where the mails about this go instead of to the person's address, which does not work: as told on the phone."""

    class Meta:
        abstract = True
