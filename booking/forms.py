"""Parse and shape what people type; the rules stand elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.html import conditional_escape
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.fields import KanaField, NameField, PhoneField, SeekerNumberField
from accounts.models import User
from accounts.numbers import is_latin_name
from booking.clock import EARLIEST, JST, LATEST
from booking.enums import DECLARED, Companion, Language, QuestionKind, Requirement, Standing
from booking.flows.reserve import ReservationDetails
from booking.models import Counselor, PolicyVersion, Question, Service
from booking.policies import BookingPolicy
from booking.refusals import refusal_for
from booking.rules.eligibility import Applicant, why_device_missing, why_not_eligible

TOPIC_MAX_LENGTH = 1000
ANSWER_MAX_LENGTH = 300
NO_STANDING = "none"
YES_NO = {"yes": _("はい"), "no": _("いいえ")}
"""How a yes-or-no question is sent, and how its answer is kept and read."""


class AwareMomentField(forms.Field):
    """An ISO 8601 moment with its offset, as the time buttons send it; in Japan time."""

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        refusal = forms.ValidationError(_("時間を選び直してください。"), code="invalid")
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError as error:
            raise refusal from error
        if moment.tzinfo is None or not EARLIEST <= moment.date() <= LATEST:
            raise refusal
        return moment.astimezone(JST)


class ChoiceForm(forms.Form):
    """The chosen time, and the counselor and the interpreter's language when they were chosen."""

    start = AwareMomentField()
    counselor = forms.ModelChoiceField(Counselor.objects.none(), required=False)
    language = forms.ChoiceField(choices=[("", ""), *Language.choices], required=False)

    def __init__(self, *args: Any, service: Service, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["counselor"].queryset = Counselor.objects.offering(service)  # type: ignore[attr-defined]


class FilterForm(forms.Form):
    """Which times are shown: everybody's, or one counselor's; with an interpreter of the office."""

    counselor = forms.ChoiceField(label=_("相談員"), required=False)
    language = forms.ChoiceField(label=_("通訳"), required=False)

    def __init__(self, *args: Any, service: Service, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offering = list(Counselor.objects.offering(service).with_languages_of_office())
        self.counselors = {str(counselor.pk): counselor for counselor in offering}
        names = [(pk, counselor.name) for pk, counselor in self.counselors.items()]
        self.fields["counselor"].choices = [("", _("指定しない")), *names]  # type: ignore[attr-defined]
        self.languages = [Language(value) for counselor in offering[:1] for value in counselor.languages_of_office]
        languages = [(language.value, language.label) for language in self.languages]
        self.fields["language"].choices = [("", _("通訳はいらない")), *languages]  # type: ignore[attr-defined]

    def chosen(self) -> Counselor | None:
        return self.counselors.get(self.cleaned_data["counselor"]) if self.is_valid() else None

    def language_chosen(self) -> str:
        return self.cleaned_data["language"] if self.is_valid() else ""


class DetailsForm(forms.Form):
    """What the service asks of the seeker, typed once (WCAG 3.3.7)."""

    name = NameField()
    kana = KanaField(
        help_text=_("ひらがなかカタカナで入力してください。氏名がローマ字の方は、空欄でかまいません。"),
        error_messages={"required": _("ふりがなを入力してください。")},
    )
    phone = PhoneField()
    standing = forms.ChoiceField(
        label=_("求職登録の状況"),
        widget=forms.RadioSelect,
        error_messages={"required": _("求職登録の状況を選んでください。")},
    )
    seeker_number = SeekerNumberField()
    topic = forms.CharField(
        label=_("相談内容"),
        max_length=TOPIC_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_(
            "例: 応募書類を見てほしい、面接の練習をしたい。"
            "病名・家族・信条などは書かなくてかまいません。1,000文字までです。"
        ),
        error_messages={
            "required": _("相談内容を入力してください。短くてかまいません。"),
            "max_length": _("相談内容は%(limit_value)d文字以内で入力してください（いま%(show_value)d文字です）。"),
        },
    )
    has_device = forms.TypedChoiceField(
        label=_("カメラ付きのスマートフォンやパソコンがありますか"),
        choices=[("yes", _("はい（参加できる場所と通信環境もあります）")), ("no", _("いいえ"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": _("カメラ付きの機器があるかどうかを選んでください。")},
    )
    companions = forms.MultipleChoiceField(
        label=_("同席する方"),
        choices=Companion,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("いっしょに参加する方がいるときに選んでください。"),
    )
    interpreter_language = forms.CharField(
        label=_("通訳の言語"),
        max_length=40,
        required=False,
        help_text=_("「通訳」を選んだ方は、言語を入力してください。例: ベトナム語"),
        widget=forms.TextInput(attrs={"class": "short"}),
    )

    def __init__(self, *args: Any, version: PolicyVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = version
        self._ask("seeker_number", version.seeker_number_asked)
        self._ask("topic", version.topic)
        if version.policy.is_for_employers and "topic" in self.fields:
            self.fields["topic"].help_text = _("例: 求人票の書き方、採用の進め方。1,000文字までです。")
        self._ask_standing(version.policy)
        if not version.asks_device:
            del self.fields["has_device"]
        self.questions = {question_name(question): question for question in version.asked}
        for name, question in self.questions.items():
            self.fields[name] = field_for(question)
        name = self.data.get("name", "") if self.is_bound else self.initial.get("name", "")
        self.fields["kana"].required = not is_latin_name(name)

    def _ask(self, name: str, requirement: str) -> None:
        if requirement == Requirement.HIDDEN:
            del self.fields[name]
        else:
            self.fields[name].required = requirement == Requirement.REQUIRED

    def _ask_standing(self, policy: BookingPolicy) -> None:
        """Only where it matters: the office serves some, and the person can say which of these they are."""
        declarable = [(standing.value, standing.label) for standing in DECLARED if standing in policy.standings]
        if not declarable:
            del self.fields["standing"]
            return
        none_of_these = (NO_STANDING, _("どれにもあてはまらない"))
        self.fields["standing"].choices = [*declarable, none_of_these]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        has_interpreter = Companion.INTERPRETER in cleaned.get("companions", [])
        if has_interpreter and not cleaned.get("interpreter_language"):
            self.add_error("interpreter_language", _("通訳の言語を入力してください。"))
        if not has_interpreter:
            cleaned["interpreter_language"] = ""
        self._refuse_answers(cleaned)
        return cleaned

    def _refuse_answers(self, cleaned: dict[str, Any]) -> None:
        """An answer that closes the service is refused where it is given, not after the check page."""
        office, policy = self.version.service.office, self.version.policy
        if reason := why_device_missing(Applicant(has_device=cleaned.get("has_device")), policy):
            self.add_error("has_device", refusal_for(reason, office=office).message)
        is_none_of_these = cleaned.get("standing") == NO_STANDING and Standing.RECOGNISED not in policy.standings
        if is_none_of_these and (reason := why_not_eligible(Applicant(), policy)):
            self.add_error("standing", refusal_for(reason, office=office).message)

    def typed(self) -> dict[str, Any]:
        """What was typed, to be kept in the session and bound again."""
        return {
            name: field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
            for name, field in self.fields.items()
        }

    def details(self) -> ReservationDetails:
        phone = self.cleaned_data["phone"]
        return ReservationDetails(
            name=self.cleaned_data["name"],
            kana=self.cleaned_data["kana"],
            phone=phone.display,
            phone_e164=phone.e164,
            seeker_number=self.cleaned_data.get("seeker_number", ""),
            standing=self.cleaned_data.get("standing", "").replace(NO_STANDING, ""),
            has_device=self.cleaned_data.get("has_device"),
            topic=self.cleaned_data.get("topic", ""),
            companions=self.cleaned_data["companions"],
            interpreter_language=self.cleaned_data["interpreter_language"],
            answers=self.answers(),
        )

    def answers(self) -> list[list[str]]:
        """What was answered to the questions of the office, with the words of the question (H-21)."""
        words = {name: str(word) for name, word in YES_NO.items()}
        given = [(question.label, self.cleaned_data.get(name, "")) for name, question in self.questions.items()]
        return [[label, words.get(answer, answer)] for label, answer in given if answer]


def question_name(question: Question) -> str:
    """Of its field in the form."""
    return f"question_{question.position}_{question.pk}"


def answers_typed(answers: Iterable[Sequence[str]], version: PolicyVersion) -> dict[str, str]:
    """Stored answers as they were typed, for those questions that the version still asks in the same words."""
    typed = {str(word): name for name, word in YES_NO.items()}
    known = {label: typed.get(answer, answer) for label, answer in answers}
    return {question_name(question): known[question.label] for question in version.asked if question.label in known}


def field_for(question: Question) -> forms.Field:
    """The field of a question that the office asks."""
    common: dict[str, Any] = {
        "label": question.label,
        "help_text": conditional_escape(question.help_text),  # templates take help texts for markup
        "required": question.is_required,
    }
    messages = {"required": gettext("「%(label)s」に答えてください。") % {"label": question.label}}
    if question.kind == QuestionKind.TEXT:
        return forms.CharField(max_length=ANSWER_MAX_LENGTH, error_messages=messages, **common)
    choices: list[tuple[str, Any]] = [(choice, choice) for choice in question.choices]
    if question.kind == QuestionKind.YES_NO:
        choices = list(YES_NO.items())
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, error_messages=messages, **common)


def details_known_of(user: User) -> Mapping[str, str]:
    """What full registration told: nobody types it twice."""
    profile = getattr(user, "seeker_profile", None) or getattr(user, "employer_profile", None)
    known = {"name": user.name, "kana": user.kana}
    if profile is not None:
        known |= {"phone": profile.phone, "seeker_number": getattr(profile, "seeker_number", "")}
    return known
