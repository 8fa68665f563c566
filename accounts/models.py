from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from terms.next_path import MAX_LENGTH


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> models.QuerySet["User"]:
        """With the profile that tells an employer: every rule about a person asks for it."""
        return super().get_queryset().select_related("employer_profile")

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class UserQuerySet(models.QuerySet["User"]):
    def lock(self) -> "UserQuerySet":
        """The seeker's row: first in the lock order seeker, counselor, host, reservation, meeting."""
        return self.select_for_update(of=("self",), no_key=True)


class User(AbstractBaseUser, PermissionsMixin):
    """Anybody who signs in, by e-mail address. `is_staff` opens the admin, `is_superuser` is the national administrator.

    Names are stored as typed (domain-and-standards B.8): no normalisation.
    """

    email = models.EmailField(_("メールアドレス"), max_length=254, unique=True)
    name = models.CharField(_("氏名"), max_length=150, blank=True)
    kana = models.CharField(_("ふりがな"), max_length=150, blank=True)
    is_active = models.BooleanField(_("有効"), default=True)
    is_staff = models.BooleanField(_("職員"), default=False)
    date_joined = models.DateTimeField(_("登録日時"), default=timezone.now)
    deleted_at = models.DateTimeField(_("削除日時"), null=True, blank=True)
    language = models.CharField(_("言語"), max_length=10, default="ja", db_default="ja", editable=False)
    """What we write to this person in: the language that was on the page at registration."""

    objects = UserManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("利用者")
        verbose_name_plural = _("利用者")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    @property
    def profile(self) -> "SeekerProfile | EmployerProfile | None":
        """What this person says about themselves; None for staff. Asked once: Django keeps both answers on the object."""
        for name in ("seeker_profile", "employer_profile"):
            if hasattr(self, name):
                profile: SeekerProfile | EmployerProfile = getattr(self, name)
                return profile
        return None

    @property
    def is_employer(self) -> bool:
        """求人者. The first answer costs a query, unless `select_related("employer_profile")` brought it."""
        return hasattr(self, "employer_profile")

    @property
    def kind(self) -> "AccountKind":
        """What the account was registered as; of no meaning for staff."""
        return AccountKind.EMPLOYER if self.is_employer else AccountKind.SEEKER

    @property
    def home_office(self) -> Any:
        """The office the person registered with; accounts does not know offices. None before registration."""
        profile = self.profile
        return profile.home_office if profile else None


class AccountKind(models.TextChoices):
    SEEKER = "seeker", _("求職者")
    EMPLOYER = "employer", _("求人者（事業所）")


class Profile(models.Model):
    """What everybody says who registers. An account has one profile of one kind: a trigger refuses the second."""

    phone = models.CharField(_("電話番号"), max_length=30, blank=True)
    phone_e164 = models.CharField(_("電話番号（発信用）"), max_length=16, blank=True, editable=False)
    home_office = models.ForeignKey(
        "offices.Office",
        models.SET_NULL,
        verbose_name=_("利用するハローワーク"),
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        abstract = True


class SeekerProfile(Profile):
    """What full registration asks of a job seeker (J-10). The office checks the number in the session."""

    user = models.OneToOneField(User, models.CASCADE, verbose_name=_("利用者"), related_name="seeker_profile")
    postal_code = models.CharField(_("郵便番号"), max_length=8, blank=True)
    address = models.CharField(_("住所"), max_length=300, blank=True)
    seeker_number = models.CharField(_("求職番号"), max_length=14, blank=True)

    class Meta:
        verbose_name = _("求職者の登録内容")
        verbose_name_plural = _("求職者の登録内容")

    def __str__(self) -> str:
        return str(self.user)


class EmployerProfile(Profile):
    """What full registration asks of somebody who recruits for an employer (S-16, S-36); `user.name` is that person."""

    user = models.OneToOneField(User, models.CASCADE, verbose_name=_("利用者"), related_name="employer_profile")
    company_name = models.CharField(_("事業所名"), max_length=150)
    establishment_number = models.CharField(_("事業所番号"), max_length=13)
    department = models.CharField(_("部署"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("求人者の登録内容")
        verbose_name_plural = _("求人者の登録内容")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(establishment_number__regex=r"^[0-9]{4}-[0-9]{6}-[0-9]$"),
                name="establishment_number_in_its_form",
                violation_error_message=_("事業所番号は「1301-123456-7」のように保存します。"),
            ),
        ]

    def __str__(self) -> str:
        return self.company_name


class ProvisionalRegistration(models.Model):
    """仮登録: an address that was sent a link. Only the token's hash is stored (ASVS 11.5.1). Gone after 24 hours.

    `next_path` is where the person was going. It waits here, because the mail may be opened in another browser, and not
    in the mailed URL, which nobody should be able to give another target. So does `kind`, which decides what is asked.
    """

    email = models.EmailField(_("メールアドレス"), max_length=254, db_index=True)
    kind = models.CharField(
        _("種類"),
        max_length=10,
        choices=AccountKind,
        default=AccountKind.SEEKER,
        db_default=AccountKind.SEEKER.value,
        editable=False,
    )
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(_("作成日時"), auto_now_add=True)
    expires_at = models.DateTimeField(_("期限"), db_index=True)
    opened_at = models.DateTimeField(_("確認日時"), null=True, blank=True)
    next_path = models.CharField(max_length=MAX_LENGTH, blank=True, default="", db_default="", editable=False)

    class Meta:
        verbose_name = _("仮登録")
        verbose_name_plural = _("仮登録")

    def __str__(self) -> str:
        return self.email
