from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from booking.clock import day_of
from booking.enums import BookingWay, CancelChannel, LimitScope, QuestionKind, Requirement, Standing, Weekday
from booking.models.service import Service
from booking.policies import BookingPolicy
from booking.rules.windows import is_ever_bookable
from offices.calendar import business_days_before_at
from offices.models import Office

DAYS_LOOKED_AT = 62
NOT_COMING = _("施行日は明日以後の日付にしてください。")


def today() -> date:
    return day_of(timezone.now())


def is_coming(day: date) -> bool:
    """May a version of the rules still begin on that day?"""
    return day > today()


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    def visible_to(self, user: Any) -> "PolicyVersionQuerySet":
        return self.filter(service__office__in=Office.objects.of_staff(user))


class PolicyVersion(models.Model):
    """The rules of a service from a day on. Immutable once in force: a trigger refuses the change.

    The row becomes a frozen `BookingPolicy`; what each rule means is told there.
    """

    LENGTHS = [(30, _("30分")), (45, _("45分"))]

    service = models.ForeignKey(Service, models.PROTECT, verbose_name=_("相談メニュー"), related_name="policy_versions")
    in_force_on = models.DateField(
        _("施行日"), help_text=_("この日から、この規則になります。明日以後の日付にしてください。")
    )
    announced_on = models.DateField(_("作成日"), default=today, editable=False)
    note = models.CharField(_("変更の理由（職員用メモ）"), max_length=200, blank=True)

    way = models.CharField(_("予約の方法"), max_length=12, choices=BookingWay, default=BookingWay.AT_ONCE)
    length_minutes = models.PositiveSmallIntegerField(_("相談時間"), choices=LENGTHS, default=30)
    step_minutes = models.PositiveSmallIntegerField(
        _("開始時刻の間隔（分）"), default=30, validators=[MinValueValidator(5), MaxValueValidator(120)]
    )
    seeker_number = models.CharField(_("求職番号"), max_length=10, choices=Requirement, default=Requirement.OPTIONAL)
    topic = models.CharField(_("相談内容"), max_length=10, choices=Requirement, default=Requirement.OPTIONAL)

    standings = ArrayField(
        models.CharField(max_length=20, choices=Standing),
        verbose_name=_("利用できる方"),
        default=list,
        blank=True,
        help_text=_("どれも選ばないと、仕事を探している方ならどなたでも利用できます。"),
    )
    asks_device = models.BooleanField(
        _("カメラのある機器の確認"), default=True, help_text=_("予約のときに、カメラのある機器があることを確認します。")
    )
    needs_named_counselor = models.BooleanField(
        _("担当者制"), default=False, help_text=_("利用の認定で決めた相談員だけが、続けて相談を受けます。")
    )
    tells_conversion = models.BooleanField(
        _("登録の切り替えの案内"),
        default=False,
        help_text=_("オンライン登録者がハローワーク利用登録者に切り替わることを、予約の前に知らせます。"),
    )

    opens_months_before = models.PositiveSmallIntegerField(
        _("予約開始（か月前）"), default=1, validators=[MaxValueValidator(12)]
    )
    opens_days_before = models.PositiveSmallIntegerField(
        _("予約開始（日前）"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(366)],
        help_text=_("入力すると、か月前の代わりに使います。"),
    )
    release_day = models.PositiveSmallIntegerField(
        _("翌月分の公開日（毎月）"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text=_("入力すると、その日に後の月の1か月分をまとめて受け付け始めます。"),
    )
    release_at = models.TimeField(_("公開の時刻"), default="00:00")
    release_months_ahead = models.PositiveSmallIntegerField(
        _("何か月後の分を公開するか"), default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    closes_days_before = models.PositiveSmallIntegerField(
        _("予約締切（日前）"),
        default=1,
        help_text=_("1は前日まで。当日の予約は受け付けません。"),
        validators=[MinValueValidator(1), MaxValueValidator(366)],
    )
    closes_in_business_days = models.BooleanField(_("予約締切を開庁日で数える"), default=False)
    closes_at = models.TimeField(_("予約締切の時刻"), null=True, blank=True, help_text=_("空欄はその日の24時まで。"))

    limit_scope = models.CharField(_("件数の数え方"), max_length=10, choices=LimitScope, default=LimitScope.SERVICE)
    most_coming = models.PositiveSmallIntegerField(
        _("これからの予約（件まで）"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    most_per_week = models.PositiveSmallIntegerField(
        _("1週間（件まで）"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    most_per_month = models.PositiveSmallIntegerField(
        _("1か月（件まで）"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    days_between = models.PositiveSmallIntegerField(
        _("次の相談まで（日以上）"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    gap_minutes = models.PositiveSmallIntegerField(
        _("相談と相談の間（分）"), default=0, validators=[MaxValueValidator(240)]
    )
    most_sessions_a_day = models.PositiveSmallIntegerField(
        _("相談員1人の1日の件数（件まで）"), null=True, blank=True, validators=[MinValueValidator(1)]
    )

    cancel_channel = models.CharField(
        _("取消の方法"), max_length=14, choices=CancelChannel, default=CancelChannel.PORTAL
    )
    cancel_closes_days_before = models.PositiveSmallIntegerField(
        _("取消期限（日前）"), default=0, validators=[MaxValueValidator(366)]
    )
    cancel_closes_in_business_days = models.BooleanField(_("取消期限を開庁日で数える"), default=False)
    cancel_closes_at = models.TimeField(
        _("取消期限の時刻"), null=True, blank=True, help_text=_("空欄はその日の24時まで。0日前で空欄なら開始時刻まで。")
    )

    reply_due_days = models.PositiveSmallIntegerField(
        _("返信の期限（日後）"), default=3, validators=[MinValueValidator(1), MaxValueValidator(30)]
    )
    proposal_lasts_days = models.PositiveSmallIntegerField(
        _("提案の期限（日後）"), default=3, validators=[MinValueValidator(1), MaxValueValidator(30)]
    )
    has_waiting_list = models.BooleanField(_("空き待ち"), default=False)
    offer_lasts_minutes = models.PositiveSmallIntegerField(
        _("空きのご案内の期限（分）"), default=120, validators=[MinValueValidator(10), MaxValueValidator(2880)]
    )
    join_opens_minutes = models.PositiveSmallIntegerField(
        _("入室開始（分前）"), default=10, validators=[MinValueValidator(5), MaxValueValidator(60)]
    )
    no_show_minutes = models.PositiveSmallIntegerField(
        _("無断欠席（分後）"), default=10, validators=[MinValueValidator(5), MaxValueValidator(30)]
    )

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("相談メニューの規則")
        verbose_name_plural = _("相談メニューの規則")
        ordering = ["service", "in_force_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "in_force_on"],
                name="one_policy_version_a_day",
                violation_error_message=_("この施行日の規則は、すでにあります。"),
            ),
            models.CheckConstraint(
                condition=models.Q(in_force_on__gt=models.F("announced_on")),
                name="policy_announced_before_in_force",
                violation_error_message=_("施行日は明日以後の日付にしてください。"),
            ),
            models.CheckConstraint(
                condition=models.Q(length_minutes__in=[30, 45]),
                name="session_lasts_30_or_45_minutes",
                violation_error_message=_("相談時間は30分または45分です。"),
            ),
            models.CheckConstraint(
                condition=models.Q(closes_days_before__gte=1),
                name="booking_closes_the_day_before_at_the_latest",
                violation_error_message=_("予約の締切は前日以前にしてください。"),
            ),
            models.CheckConstraint(condition=models.Q(step_minutes__gte=5), name="step_at_least_five_minutes"),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.in_force_on:%Y-%m-%d}〜"

    def clean(self) -> None:
        """What contradicts itself is refused here, so that nobody finds out by an empty calendar."""
        errors = dict(self._contradictions())
        if errors:
            raise ValidationError(errors)

    def _contradictions(self) -> Iterator[tuple[str, Any]]:
        """The field that is to be mended, and what is wrong with it."""
        if self.in_force_on and not is_coming(self.in_force_on):
            yield "in_force_on", NOT_COMING
        if self.needs_named_counselor and Standing.RECOGNISED not in self.standings:
            yield (
                "standings",
                _("担当者制にするときは、利用できる方で「ハローワークが利用を認めた方」を選んでください。"),
            )
        if self.release_day is not None and self.opens_days_before is not None:
            yield (
                "opens_days_before",
                _("「翌月分の公開日」と「予約開始（日前）」は、どちらか一方だけ入力してください。"),
            )
        if self.most_per_week and self.most_per_month and self.most_per_week > self.most_per_month:
            yield "most_per_week", _("1週間の件数が、1か月の件数より多くなっています。")
        if not self._is_ever_bookable():
            yield (
                "closes_days_before",
                _("予約の締切が、予約の開始より前です。このままでは、どの日も予約できません。"),
            )

    def _is_ever_bookable(self) -> bool:
        """In its first two months, some day opens for booking before it closes."""
        if not self.in_force_on:
            return True
        self.__dict__.pop("policy", None)
        days = (self.in_force_on + timedelta(days=offset) for offset in range(DAYS_LOOKED_AT))
        return is_ever_bookable(days, self.policy, business_days_before=business_days_before_at(self.service.office))

    def is_fixed(self, *, on: date) -> bool:
        """In force: nobody may change it any more."""
        return self.in_force_on <= on

    @cached_property
    def policy(self) -> BookingPolicy:
        return BookingPolicy(
            length=timedelta(minutes=self.length_minutes),
            step=timedelta(minutes=self.step_minutes),
            way=BookingWay(self.way),
            seeker_number=Requirement(self.seeker_number),
            topic=Requirement(self.topic),
            standings=frozenset(Standing(value) for value in self.standings),
            asks_device=self.asks_device,
            needs_named_counselor=self.needs_named_counselor,
            tells_conversion=self.tells_conversion,
            opens_months_before=self.opens_months_before,
            opens_days_before=self.opens_days_before,
            release_day=self.release_day,
            release_at=self.release_at,
            release_months_ahead=self.release_months_ahead,
            closes_days_before=self.closes_days_before,
            closes_in_business_days=self.closes_in_business_days,
            closes_at=self.closes_at,
            limit_scope=LimitScope(self.limit_scope),
            most_coming=self.most_coming,
            most_per_week=self.most_per_week,
            most_per_month=self.most_per_month,
            days_between=self.days_between,
            gap=timedelta(minutes=self.gap_minutes),
            most_sessions_a_day=self.most_sessions_a_day,
            cancel_channel=CancelChannel(self.cancel_channel),
            cancel_closes_days_before=self.cancel_closes_days_before,
            cancel_closes_in_business_days=self.cancel_closes_in_business_days,
            cancel_closes_at=self.cancel_closes_at,
            reply_due=timedelta(days=self.reply_due_days),
            proposal_lasts=timedelta(days=self.proposal_lasts_days),
            has_waiting_list=self.has_waiting_list,
            offer_lasts=timedelta(minutes=self.offer_lasts_minutes),
            join_opens_before=timedelta(minutes=self.join_opens_minutes),
            no_show_after=timedelta(minutes=self.no_show_minutes),
        )

    @cached_property
    def asked(self) -> "list[Question]":
        """The office's own questions, in their order."""
        return list(self.questions.all())

    @property
    def seeker_number_asked(self) -> str:
        """Employers have none, whatever the column says."""
        return Requirement.HIDDEN if self.policy.is_for_employers else self.seeker_number

    @property
    def required_details(self) -> list[str]:
        """The names of the details without which nobody can book: asked by the form, enforced by the flow."""
        asked = {"seeker_number": self.seeker_number_asked, "topic": self.topic}
        return ["name", "phone", *(name for name, mark in asked.items() if mark == Requirement.REQUIRED)]


class ServiceHours(models.Model):
    """A window of the week in which the service may be booked; a session lies wholly inside one (H-22)."""

    policy = models.ForeignKey(PolicyVersion, models.CASCADE, verbose_name=_("規則"), related_name="hours")
    weekday = models.PositiveSmallIntegerField(_("曜日"), choices=Weekday)
    opens = models.TimeField(_("開始"))
    closes = models.TimeField(_("終了"))

    class Meta:
        verbose_name = _("受付時間帯")
        verbose_name_plural = _("受付時間帯")
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes__gt=models.F("opens")),
                name="service_hours_close_after_open",
                violation_error_message=_("終了は開始より後の時刻にしてください。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}〜{self.closes:%H:%M}"


class Question(models.Model):
    """たずねる項目: what this office asks beside the usual details (H-21). The answer is stored with its question."""

    policy = models.ForeignKey(PolicyVersion, models.CASCADE, verbose_name=_("規則"), related_name="questions")
    label = models.CharField(_("項目名"), max_length=60)
    help_text = models.CharField(_("説明"), max_length=200, blank=True)
    kind = models.CharField(_("種類"), max_length=8, choices=QuestionKind, default=QuestionKind.TEXT)
    choices = ArrayField(
        models.CharField(max_length=60),
        verbose_name=_("選択肢"),
        default=list,
        blank=True,
        help_text=_("種類が「選択」のとき、カンマで区切って入力してください。"),
    )
    is_required = models.BooleanField(_("必須"), default=False)
    position = models.PositiveSmallIntegerField(_("並び順"), default=0)

    class Meta:
        verbose_name = _("たずねる項目")
        verbose_name_plural = _("たずねる項目")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "label"],
                name="question_once_per_policy",
                violation_error_message=_("同じ項目名が2つあります。"),
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=QuestionKind.CHOICE) | models.Q(choices__len__gte=2),
                name="choice_question_has_choices",
                violation_error_message=_("種類が「選択」の項目には、選択肢を2つ以上入力してください。"),
            ),
        ]

    def __str__(self) -> str:
        return self.label
