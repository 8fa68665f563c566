import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from booking.enums import OPEN_REQUEST, RequestState
from booking.models.details import Details
from booking.models.reservation import Reservation, new_number
from booking.models.schedule import Counselor
from booking.models.service import Service
from booking.policies import MOST_WISHES
from offices.models import Office

DETAILS = (
    "name",
    "kana",
    "phone",
    "phone_e164",
    "seeker_number",
    "standing",
    "has_device",
    "topic",
    "companions",
    "interpreter_language",
    "answers",
    "contact_email",
)
"""What the request tells and its reservation takes over."""


class SessionRequestQuerySet(models.QuerySet["SessionRequest"]):
    def lock(self) -> "SessionRequestQuerySet":
        return self.select_for_update(of=("self",), no_key=True)

    def open(self) -> "SessionRequestQuerySet":
        return self.filter(state__in=OPEN_REQUEST)

    def of_seeker(self, user: Any) -> "SessionRequestQuerySet":
        """The person's requests, the newest first."""
        rows = self.filter(seeker=user).select_related("service", "office", "reservation")
        return rows.order_by("-requested_at")

    def with_facts(self) -> "SessionRequestQuerySet":
        """Loads what refusals, mails and pages speak of."""
        rows = self.select_related("service__office", "office", "seeker", "counselor", "reservation__counselor")
        return rows.prefetch_related("service__policy_versions")

    def lose_proposal(self, place: Reservation) -> None:
        """The place that was proposed is gone, its row is locked: the office has to answer anew."""
        proposed = self.filter(reservation=place, state=RequestState.PROPOSED)
        proposed.update(reservation=None, state=RequestState.RECEIVED)

    def strip_personal_data(self) -> int:
        """Erase what tells who it was; what the statistics need stays."""
        return self.update(
            name="",
            kana="",
            phone="",
            phone_e164="",
            seeker_number="",
            topic="",
            companions=[],
            interpreter_language="",
            answers=[],
            contact_email="",
        )

    def visible_to(self, user: Any) -> "SessionRequestQuerySet":
        return self.filter(office__in=Office.objects.of_staff(user))


class SessionRequest(Details):
    """申込み: up to three wished times; the office accepts one, proposes another, or refuses with a reason (H-25, H-16).

    The place of a proposal is a reservation of its own. Lock order: seeker, counselor, reservation, request.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("申込番号"), max_length=8, unique=True, default=new_number, editable=False)
    office = models.ForeignKey(Office, models.PROTECT, verbose_name=_("安定所"), related_name="session_requests")
    service = models.ForeignKey(
        Service, models.PROTECT, verbose_name=_("相談メニュー"), related_name="session_requests"
    )
    seeker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("申込者"), related_name="session_requests"
    )
    counselor = models.ForeignKey(
        Counselor, models.PROTECT, verbose_name=_("希望する相談員"), null=True, blank=True, related_name="+"
    )
    wishes = ArrayField(models.DateTimeField(), size=MOST_WISHES, verbose_name=_("希望日時"))
    state = models.CharField(_("状態"), max_length=10, choices=RequestState, default=RequestState.RECEIVED)
    requested_at = models.DateTimeField(_("申込日時"))
    answered_at = models.DateTimeField(_("回答日時"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("回答した職員"),
        null=True,
        blank=True,
        related_name="+",
    )
    reason = models.CharField(_("回答の理由"), max_length=300, blank=True)
    reservation = models.OneToOneField(
        Reservation, models.PROTECT, verbose_name=_("予約"), null=True, blank=True, related_name="session_request"
    )
    """The place that is proposed now, or that was agreed on."""

    objects = SessionRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("申込み")
        verbose_name_plural = _("申込み")
        ordering = ["requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "seeker"],
                condition=models.Q(state__in=OPEN_REQUEST),
                name="one_open_request_per_service",
            ),
            models.CheckConstraint(condition=models.Q(wishes__len__gte=1), name="request_names_a_wish"),
            models.CheckConstraint(
                condition=~models.Q(state=RequestState.REFUSED) | ~models.Q(reason=""),
                name="refused_request_has_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["office", "requested_at"],
                name="open_request_of_office",
                condition=models.Q(state__in=OPEN_REQUEST),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number[:4]}-{self.number[4:]}"

    @property
    def display_number(self) -> str:
        return str(self)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_REQUEST

    @property
    def email(self) -> str:
        """The address of the account (S-38), or the one told on the phone; empty when the person has left."""
        return (self.contact_email or self.seeker.email) if self.seeker.is_active else ""

    @property
    def proposal(self) -> Reservation | None:
        """The place that waits for the person's answer."""
        return self.reservation if self.state == RequestState.PROPOSED else None

    def get_absolute_url(self) -> str:
        return reverse("booking:request", args=[self.number])
