"""Vectors of domain-and-standards A.1, A.7 and B.8."""

import pytest
from django.core.exceptions import ValidationError

from accounts.numbers import (
    clean_kana,
    clean_line,
    clean_name,
    is_latin_name,
    parse_establishment_number,
    parse_phone,
    parse_postal_code,
    parse_seeker_number,
)

DASHES = "-‐‑‒–—―−－ー"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("13010-12345678", "13010-12345678"),
        ("13010-1234", "13010-1234"),
        ("1301012345678", "13010-12345678"),
        ("130101234", "13010-1234"),
        ("１３０１０－１２３４５６７", "13010-1234567"),
        (" 13010 - 123456 ", "13010-123456"),
        ("01010-00000123", "01010-00000123"),
        *[(f"13010{dash}12345678", "13010-12345678") for dash in DASHES],
    ],
)
def test_a_seeker_number_is_read_however_it_is_typed_and_keeps_its_zeros(typed, stored):
    assert parse_seeker_number(typed) == stored


@pytest.mark.parametrize("typed", ["1", "12345678", "00123456", "１２３４５６７８"])
def test_who_typed_only_the_second_part_is_asked_for_the_office_number(typed):
    with pytest.raises(ValidationError) as refusal:
        parse_seeker_number(typed)
    assert refusal.value.code == "office_number_missing"


@pytest.mark.parametrize(
    "typed", ["13010-123", "13010-123456789", "1301-12345678", "1301A-12345678", "abc", "13010--1234"]
)
def test_what_cannot_be_a_seeker_number_is_refused_with_an_example(typed):
    with pytest.raises(ValidationError, match="13010-12345678") as refusal:
        parse_seeker_number(typed)
    assert refusal.value.code == "invalid_seeker_number"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("1301-123456-7", "1301-123456-7"),
        ("13011234567", "1301-123456-7"),
        ("1301-1234567", "1301-123456-7"),
        ("１３０１－１２３４５６－７", "1301-123456-7"),
        (" 1301 - 123456 - 7 ", "1301-123456-7"),
        ("0001-000001-0", "0001-000001-0"),
        *[(f"1301{dash}123456{dash}7", "1301-123456-7") for dash in DASHES],
    ],
)
def test_an_establishment_number_is_read_however_it_is_typed_and_keeps_its_zeros(typed, stored):
    assert parse_establishment_number(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("1301-123456", id="10 digits"),
        pytest.param("1301-123456-78", id="12 digits"),
        pytest.param("13011-23456-7", id="a dash at another place"),
        "1301-12345A-7",
        "1301--123456-7",
        "13010-12345678",
        "",
    ],
)
def test_what_cannot_be_an_establishment_number_is_refused_with_an_example(typed):
    with pytest.raises(ValidationError, match="1301-123456-7") as refusal:
        parse_establishment_number(typed)
    assert refusal.value.code == "invalid_establishment_number"


@pytest.mark.parametrize("typed", ["見本\n商事", "見本\u202e商事", "見本\t商事"])
def test_a_line_with_hidden_characters_is_refused(typed):
    with pytest.raises(ValidationError) as refusal:
        clean_line(typed)
    assert refusal.value.code == "control_character"


def test_a_line_is_kept_as_typed_but_trimmed():
    assert clean_line("　㈱髙島屋 ｶﾌﾞ ") == "㈱髙島屋 ｶﾌﾞ"


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("090-1234-5678", "+819012345678"),
        ("09012345678", "+819012345678"),
        ("060-1234-5678", "+816012345678"),
        ("050-1234-5678", "+815012345678"),
        ("03-1234-5678", "+81312345678"),
        ("03（1234）5678", "+81312345678"),
        ("03 1234 5678", "+81312345678"),
        ("０９０－１２３４－５６７８", "+819012345678"),
        ("+81 90 1234 5678", "+819012345678"),
        ("＋81-90-1234-5678", "+819012345678"),
        ("0120-123-456", "+81120123456"),
        *[(f"090{dash}1234{dash}5678", "+819012345678") for dash in DASHES],
    ],
)
def test_a_telephone_number_is_shown_as_typed_and_dialled_in_e164(typed, e164):
    phone = parse_phone(typed)
    assert (phone.display, phone.e164) == (typed, e164)


@pytest.mark.parametrize(
    "typed", ["", "110", "119", "1234", "090-1234-567", "090-1234-56789", "000-0000-0000", "電話なし"]
)
def test_what_cannot_be_dialled_is_refused_with_an_example(typed):
    with pytest.raises(ValidationError, match="090-1234-5678"):
        parse_phone(typed)


def test_numbers_abroad_are_refused():
    with pytest.raises(ValidationError) as refusal:
        parse_phone("+1 650 253 0000")
    assert refusal.value.code == "foreign_phone"


@pytest.mark.parametrize("typed", ["100-8916", "1008916", "１００－８９１６", "〒100-8916", " 100ー8916 "])
def test_a_postal_code_is_read_however_it_is_typed(typed):
    assert parse_postal_code(typed) == "100-8916"


@pytest.mark.parametrize("typed", ["100-891", "100-89166", "abc-defg"])
def test_what_is_no_postal_code_is_refused(typed):
    with pytest.raises(ValidationError):
        parse_postal_code(typed)


@pytest.mark.parametrize(
    "name",
    [
        "髙橋",
        "山﨑",
        "𠮷田",
        "\ufa19谷",
        "\ufa10本",
        "葛\U000e0100城",
        "O'Brien-Smith, Jr.",
        "HANZI TAILANG 漢字 太郎",
        "マイケル・ジャクソン",
        "ヱ",
    ],
)
def test_a_name_is_kept_byte_for_byte(name):
    assert clean_name(f" {name}　").encode() == name.encode()


def test_only_a_kana_and_its_separate_dakuten_are_joined():
    assert clean_name("か\u3099んた") == "がんた"


@pytest.mark.parametrize("name", ["見本\n太郎", "見本\r\nBcc: x", "見本\x00"])
def test_control_characters_in_a_name_are_refused(name):
    with pytest.raises(ValidationError):
        clean_name(name)


@pytest.mark.parametrize(
    ("length", "is_accepted"),
    [pytest.param(100, True, id="100 characters"), pytest.param(101, False, id="101 characters")],
)
def test_a_name_has_up_to_100_code_points(length, is_accepted):
    if is_accepted:
        assert clean_name("𠮷" * length) == "𠮷" * length
    else:
        with pytest.raises(ValidationError):
            clean_name("𠮷" * length)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("みほん はなこ", "ミホン ハナコ"),
        ("ミホン　ハナコ", "ミホン ハナコ"),
        ("ﾐﾎﾝ ｶﾞﾝﾀ", "ミホン ガンタ"),
        ("か\u3099んた", "ガンタ"),
        ("ゔぃくとりあ", "ヴィクトリア"),
        ("マイケル・ジョー", "マイケル・ジョー"),
    ],
)
def test_furigana_is_stored_as_katakana(typed, stored):
    assert clean_kana(typed) == stored


@pytest.mark.parametrize("typed", ["山田", "Yamada", "ヤマダ1"])
def test_what_is_no_kana_is_refused(typed):
    with pytest.raises(ValidationError):
        clean_kana(typed)


@pytest.mark.parametrize(
    ("name", "is_latin"),
    [
        ("Nguyễn Văn An", True),
        ("MARIA DA SILVA", True),
        ("ＪＯＨＮ", True),
        ("HANZI 漢字", False),
        ("山田", False),
        ("・", False),
    ],
)
def test_furigana_is_not_required_for_names_in_latin_letters(name, is_latin):
    assert is_latin_name(name) is is_latin
