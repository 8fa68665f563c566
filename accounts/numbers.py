"""Numbers and names as people type them: tolerant to read, strict to store (domain-and-standards A.1, A.7, B.8).

Pure functions. Each returns the stored form or raises a ValidationError that says how to fix the input.
"""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－ー─ｰ﹣", "-"))
COMPOSABLE_KANA = re.compile("[\u3041-\u30ff][\u3099\u309a]")
HIRAGANA_TO_KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
KANA = re.compile(r"[ァ-ヺーヽヾ・ 　]+")
SEEKER_NUMBER = re.compile(r"(\d{5})-?(\d{4,8})", re.ASCII)
ESTABLISHMENT_NUMBER = re.compile(r"(\d{4})-?(\d{6})-?(\d)", re.ASCII)
NAME_MAX_LENGTH = 100
TURNS_TEXT_ROUND = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Direction overrides: with them a name could look like another one, or like other words beside it."""


@dataclass(frozen=True)
class Phone:
    """A telephone number: as typed for display, E.164 for dialling."""

    display: str
    e164: str


def parse_phone(text: str) -> Phone:
    """A number that can be dialled in Japan, 060 included (in use since July 2026)."""
    refusal = ValidationError(
        _(
            "電話番号を確認してください。市外局番から、または携帯電話の番号を「03-1234-5678」「090-1234-5678」のように入力してください。"
        ),
        code="invalid_phone",
    )
    display = text.strip()
    if not display or len(display) > 30:
        raise refusal
    try:
        number = phonenumbers.parse(_halfwidth(display), "JP")
    except phonenumbers.NumberParseException as error:
        raise refusal from error
    if number.country_code != 81:
        raise ValidationError(_("日本国内の電話番号を入力してください。"), code="foreign_phone")
    if number.extension or not phonenumbers.is_valid_number(number):
        raise refusal
    return Phone(display, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def parse_seeker_number(text: str) -> str:
    """求職番号 as `NNNNN-N…`; leading zeros stay. No check digit is known, so none is checked."""
    digits = re.sub(r"\s", "", _halfwidth(text))
    match = SEEKER_NUMBER.fullmatch(digits)
    if match:
        return f"{match[1]}-{match[2]}"
    if re.fullmatch(r"\d{1,8}", digits, re.ASCII):
        raise ValidationError(
            _(
                "はじめの5桁（安定所番号）も入力してください。「13010-12345678」のように、5桁の番号、ハイフン、つづきの番号の順に入力します。"
            ),
            code="office_number_missing",
        )
    raise ValidationError(
        _("求職番号を確認してください。「13010-12345678」のように、5桁の番号と、4桁から8桁の番号を入力してください。"),
        code="invalid_seeker_number",
    )


def parse_establishment_number(text: str) -> str:
    """雇用保険適用事業所番号 as `NNNN-NNNNNN-N`; leading zeros stay. No check digit is known, so none is checked."""
    match = ESTABLISHMENT_NUMBER.fullmatch(re.sub(r"\s", "", _halfwidth(text)))
    if match is None:
        raise ValidationError(
            _(
                "事業所番号を確認してください。「1301-123456-7」のように、4桁、6桁、1桁の数字（合わせて11桁）で入力してください。"
            ),
            code="invalid_establishment_number",
        )
    return "-".join(match.groups())


def parse_postal_code(text: str) -> str:
    """郵便番号 as `NNN-NNNN`."""
    digits = re.sub(r"[\s〒-]", "", _halfwidth(text))
    if not re.fullmatch(r"\d{7}", digits, re.ASCII):
        raise ValidationError(_("郵便番号は7桁の数字で入力してください。例: 100-8916"), code="invalid_postal_code")
    return f"{digits[:3]}-{digits[3:]}"


def clean_name(text: str) -> str:
    """A name exactly as typed: trimmed, and a kana joined with its separate dakuten. Nothing else is changed.

    Not even NFC: it turns 神 (U+FA19) into another character of the same name.
    """
    name = COMPOSABLE_KANA.sub(lambda pair: unicodedata.normalize("NFC", pair[0]), text.strip())
    if _has_hidden_characters(name):
        raise ValidationError(
            _("氏名に使えない文字（改行など）が入っています。入力し直してください。"), code="control_character"
        )
    if len(name) > NAME_MAX_LENGTH:
        raise ValidationError(
            _("氏名は%(limit)d文字以内で入力してください。"), code="name_too_long", params={"limit": NAME_MAX_LENGTH}
        )
    return name


def clean_line(text: str) -> str:
    """One line exactly as typed and trimmed, such as the name of an employer."""
    line = text.strip()
    if _has_hidden_characters(line):
        raise ValidationError(
            _("使えない文字（改行など）が入っています。入力し直してください。"), code="control_character"
        )
    return line


def clean_kana(text: str) -> str:
    """Hiragana or katakana of any width, stored as full-width katakana."""
    kana = unicodedata.normalize("NFKC", text.strip()).translate(HIRAGANA_TO_KATAKANA)
    if kana and not KANA.fullmatch(kana):
        raise ValidationError(_("ふりがなは、ひらがなかカタカナで入力してください。"), code="not_kana")
    if len(kana) > NAME_MAX_LENGTH:
        raise ValidationError(
            _("ふりがなは%(limit)d文字以内で入力してください。"),
            code="kana_too_long",
            params={"limit": NAME_MAX_LENGTH},
        )
    return kana


def is_latin_name(name: str) -> bool:
    """Every letter is Latin, as on a residence card: ふりがな need not be asked."""
    letters = [character for character in name if character.isalpha()]
    return bool(letters) and all(
        unicodedata.name(letter, "").startswith(("LATIN", "FULLWIDTH LATIN")) for letter in letters
    )


def _has_hidden_characters(text: str) -> bool:
    return any(unicodedata.category(character) == "Cc" or character in TURNS_TEXT_ROUND for character in text)


def _halfwidth(text: str) -> str:
    return unicodedata.normalize("NFKC", text.translate(DASHES)).translate(DASHES)
