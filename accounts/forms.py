"""Forms of accounts. Those of allauth keep their behaviour; labels, help and the single password field are ours."""

from typing import Any, ClassVar

from allauth.account import forms as allauth_account
from allauth.mfa.base import forms as allauth_mfa
from allauth.mfa.totp import forms as allauth_totp
from allauth.mfa.webauthn import forms as allauth_webauthn
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.forms.models import model_to_dict
from django.utils.translation import gettext_lazy as _

from accounts.fields import (
    EstablishmentNumberField,
    KanaField,
    LineField,
    NameField,
    PhoneField,
    PostalCodeField,
    SeekerNumberField,
)
from accounts.flows.profile import EmployerDetails, ProfileDetails, SeekerDetails
from accounts.models import AccountKind, Profile, User
from accounts.numbers import Phone, is_latin_name
from terms.forms import ConsentForm

EMAIL = _("メールアドレス")
PASSWORD = _("パスワード")
NEW_PASSWORD = _("新しいパスワード")
PASSWORD_HELP = _("8文字以上。文字の種類は自由です。よく使われるもの、メールアドレスに似たものは使えません。")
CODE = _("確認コード（6桁）、またはリカバリーコード")
KEY_NAME = _("パスキーの名前")


def relabel(form: forms.BaseForm, **labels: Any) -> None:
    """Our label, no placeholder (the label is always visible), and support text only where we give one."""
    for name, label in labels.items():
        text, help_text = label if isinstance(label, tuple) else (label, "")
        field = form.fields[name]
        field.label, field.help_text = text, help_text
        field.widget.attrs.pop("placeholder", None)


class LoginForm(allauth_account.LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relabel(self, login=EMAIL, password=PASSWORD)
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class ResetPasswordForm(allauth_account.ResetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relabel(self, email=EMAIL)


class ResetPasswordKeyForm(allauth_account.ResetPasswordKeyForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        relabel(self, password1=(NEW_PASSWORD, PASSWORD_HELP))


class SetPasswordForm(allauth_account.SetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        relabel(self, password1=(NEW_PASSWORD, PASSWORD_HELP))


class ChangePasswordForm(allauth_account.ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        relabel(self, oldpassword=_("今のパスワード"), password1=(NEW_PASSWORD, PASSWORD_HELP))


class ReauthenticateForm(allauth_account.ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relabel(self, password=PASSWORD)


class AddEmailForm(allauth_account.AddEmailForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relabel(self, email=_("新しいメールアドレス"))


class MfaAuthenticateForm(allauth_mfa.AuthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relabel(self, code=CODE)


class MfaReauthenticateForm(allauth_mfa.ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relabel(self, code=CODE)


class ActivateTOTPForm(allauth_totp.ActivateTOTPForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relabel(self, code=_("アプリに表示された6桁の確認コード"))
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class AddWebAuthnForm(allauth_webauthn.AddWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relabel(self, name=(KEY_NAME, _("あとで見分けられるように付ける名前です。例: 自分のスマートフォン")))


class EditWebAuthnForm(allauth_webauthn.EditWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relabel(self, name=KEY_NAME)


class AddressForm(forms.Form):
    """仮登録 asks for the address only."""

    email = forms.EmailField(
        label=EMAIL,
        max_length=254,
        help_text=_("例: hanako@example.jp"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": _("メールアドレスを入力してください。"),
            "invalid": _("メールアドレスを確認してください。「hanako@example.jp」のように、@を入れて入力します。"),
        },
    )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class ProfileForm(forms.Form):
    """What everybody says about themselves; `about` names the fields in the order of the page."""

    about: ClassVar[list[str]]
    details_of: ClassVar[type[ProfileDetails]]
    home_office_help = _("ふだん利用する、または住所を受け持つハローワークです。")
    name = NameField(help_text=_("相談のときにお呼びするお名前です。戸籍や在留カードのとおりに入力してください。"))
    kana = KanaField(
        help_text=_("ひらがなかカタカナで入力してください。氏名がアルファベットだけの方は、空欄にできます。"),
    )
    phone = PhoneField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kana"].required = not is_latin_name(self.data.get("name", ""))
        self.fields["home_office"] = self.home_office_field()
        self.order_fields([*(self.field_order or []), *self.about])

    def home_office_field(self) -> forms.Field:
        """Made from the model's foreign key, so that accounts need not know offices."""
        field = self.details_of.profile_model.home_office.field.formfield(
            required=False, empty_label=_("決まっていない、または分からない"), help_text=self.home_office_help
        )
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  narrows the type for mypy
        field.queryset = field.queryset.filter(is_active=True) if field.queryset is not None else None
        return field

    def about_fields(self) -> list[BoundField]:
        return [self[name] for name in self.about]

    @property
    def details(self) -> ProfileDetails:
        return self.details_of(**{name: self.cleaned_data[name] for name in self.about})


class SeekerProfileForm(ProfileForm):
    details_of = SeekerDetails
    about = ["name", "kana", "postal_code", "address", "phone", "seeker_number", "home_office"]
    postal_code = PostalCodeField()
    address = forms.CharField(
        label=_("住所"),
        max_length=300,
        help_text=_("都道府県から、建物名・部屋番号まで入力してください。"),
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
        error_messages={"required": _("住所を入力してください。")},
    )
    seeker_number = SeekerNumberField(required=False)


class EmployerProfileForm(ProfileForm):
    details_of = EmployerDetails
    about = ["company_name", "establishment_number", "department", "name", "kana", "phone", "home_office"]
    home_office_help = _("求人を申し込んでいる、または事業所の所在地を受け持つハローワークです。")
    company_name = LineField(
        label=_("事業所名"),
        max_length=150,
        help_text=_("会社名から、支店名・店舗名まで入力してください。例: 見本商事 中央支店"),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": _("事業所名を入力してください。")},
    )
    establishment_number = EstablishmentNumberField()
    department = LineField(label=_("部署"), max_length=100, required=False, help_text=_("例: 総務部 人事課"))
    name = NameField(
        label=_("担当者氏名"),
        help_text=_("オンラインでお話しになる、採用ご担当の方のお名前です。"),
        error_messages={"required": _("担当者氏名を入力してください。")},
    )
    kana = KanaField(
        label=_("担当者氏名のふりがな"),
        help_text=_("ひらがなかカタカナで入力してください。氏名がアルファベットだけの方は、空欄にできます。"),
        error_messages={"required": _("担当者氏名のふりがなを入力してください。")},
    )
    phone = PhoneField(
        help_text=_("相談当日につながらないときに、お電話することがあります。例: 03-1234-5678"),
    )


def profile_initial(user: User, profile: Profile | None) -> dict[str, Any]:
    names = {"name": user.name, "kana": user.kana}
    if profile is None:
        return names
    return {**model_to_dict(profile), **names, "phone": Phone(profile.phone, profile.phone_e164)}


class RegistrationForm(ConsentForm):
    """本登録: a password and one box per text in force; the profile is mixed in.

    No ProfileForm itself: Django would take its fields for those of the more special profile beside it.
    """

    password = forms.CharField(
        label=PASSWORD,
        strip=False,
        help_text=PASSWORD_HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": _("パスワードを入力してください。")},
    )
    field_order = ["password"]

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self.email, name=self.data.get("name", "")))
        return password


class SeekerRegistrationForm(RegistrationForm, SeekerProfileForm):
    pass


class EmployerRegistrationForm(RegistrationForm, EmployerProfileForm):
    pass


PROFILE_FORMS: dict[AccountKind, type[ProfileForm]] = {
    AccountKind.SEEKER: SeekerProfileForm,
    AccountKind.EMPLOYER: EmployerProfileForm,
}
REGISTRATION_FORMS: dict[AccountKind, type[SeekerRegistrationForm] | type[EmployerRegistrationForm]] = {
    AccountKind.SEEKER: SeekerRegistrationForm,
    AccountKind.EMPLOYER: EmployerRegistrationForm,
}


class LockForm(forms.Form):
    reason = forms.CharField(
        label=_("理由"), max_length=300, help_text=_("監査記録に残ります。本人の相談内容は書かないでください。")
    )


class EraseForm(forms.Form):
    reason = forms.CharField(
        label=_("理由"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("監査記録に残ります。本人には知らせません。本人の相談内容は書かないでください。"),
        error_messages={"required": _("理由を入力してください。")},
    )
    message = forms.CharField(
        label=_("本人へのメッセージ"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("抹消のお知らせと、取り消す予約のお知らせのメールに入ります。"),
        error_messages={"required": _("本人へのメッセージを入力してください。")},
    )


class StaffCreationForm(forms.ModelForm[User]):
    """A staff account without a password: the person sets it behind the mailed link."""

    class Meta:
        model = User
        fields = ["email", "name", "kana", "is_superuser"]
        labels = {"is_superuser": _("全国の管理者")}

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(_("このメールアドレスの利用者は登録済みです。"), code="email_taken")
        return email

    def save(self, commit: bool = True) -> User:
        self.instance.is_staff = True
        self.instance.set_unusable_password()
        return super().save(commit)
