import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class GuestQuerySet(models.QuerySet["Guest"]):
    def lock(self) -> "GuestQuerySet":
        """Stands where the seeker's row stands in the lock order: first."""
        return self.select_for_update(of=("self",), no_key=True)


class Guest(models.Model):
    """A person without an account (S-30): known by the mail address or, when staff entered them, by the phone alone.

    Name and contact of each reservation stand in the reservation; this row only says that two are of the same person.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("メールアドレス"), max_length=254, blank=True)
    phone_e164 = models.CharField(_("電話番号（発信用）"), max_length=16, blank=True)
    language = models.CharField(_("言語"), max_length=10, default="ja", db_default="ja", editable=False)
    """What we write to this person in: the language that was on the page at the first booking, then at the last confirmed one."""
    created_at = models.DateTimeField(_("登録日時"), auto_now_add=True)

    objects = GuestQuerySet.as_manager()

    class Meta:
        verbose_name = _("アカウントのない方")
        verbose_name_plural = _("アカウントのない方")
        constraints = [
            models.UniqueConstraint(Lower("email"), condition=~models.Q(email=""), name="guest_known_by_mail_once"),
            models.UniqueConstraint(
                fields=["phone_e164"], condition=models.Q(email=""), name="guest_known_by_phone_once"
            ),
        ]

    def __str__(self) -> str:
        return self.email or self.phone_e164

    @property
    def is_employer(self) -> bool:
        """Employers agree beforehand, with an account (S-36)."""
        return False

    @property
    def subject(self) -> str:
        """The key of this person's consents (terms.models.Consent.subject)."""
        return f"guest:{self.uuid}"


def same_person(person: Any) -> dict[str, int | None]:
    """The ids under which reservations of this person stand: an account and a guest with its mail address are one person.

    One query at the first call, remembered on the object.
    """
    known: dict[str, int | None] | None = person.__dict__.get("same_person")
    if known is None:
        if isinstance(person, Guest):
            account = User.objects.filter(email=person.email).values_list("pk", flat=True) if person.email else []
            known = {"seeker": next(iter(account), None), "guest": person.pk}
        else:
            guests = Guest.objects.filter(email=person.email.lower()).values_list("pk", flat=True)
            known = {"seeker": person.pk, "guest": next(iter(guests), None)}
        person.__dict__["same_person"] = known
    return known


def is_same_person(person: Any) -> models.Q:
    """Rows with a `seeker` and a `guest` that are of this person."""
    ids = {column: pk for column, pk in same_person(person).items() if pk is not None}
    return models.Q(*ids.items(), _connector=models.Q.OR)


def lock_person(person: Any) -> None:
    """First in the lock order: the account, then the guest of this person, whichever there are.

    Asks anew for the other of the two, for the account once it is locked.
    """
    person.__dict__.pop("same_person", None)
    if isinstance(person, Guest):
        account = same_person(person)["seeker"]
        if account is not None:
            User.objects.lock().get(pk=account)
    else:
        User.objects.lock().get(pk=person.pk)
    guest = same_person(person)["guest"]
    if guest is not None:
        Guest.objects.lock().get(pk=guest)
