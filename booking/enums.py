from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReservationStatus(models.TextChoices):
    """The status says who acted: cancelled by the seeker and cancelled by the office are different facts."""

    HELD = "held", _("仮押さえ")
    AWAITING_LINK = "awaiting_link", _("メール確認待ち")
    AWAITING_REPLY = "awaiting_reply", _("返信待ち")
    PROPOSED = "proposed", _("日時の提案中")
    OFFERED = "offered", _("空きのご案内中")
    CONFIRMED = "confirmed", _("予約確定")
    CHECKED_IN = "checked_in", _("入室済み")
    COMPLETED = "completed", _("終了")
    STOPPED = "stopped", _("中止")
    RELEASED = "released", _("仮押さえ取消")
    EXPIRED = "expired", _("仮押さえ期限切れ")
    LAPSED = "lapsed", _("期限切れ（不成立）")
    DECLINED = "declined", _("辞退")
    CANCELLED_BY_SEEKER = "cancelled_by_seeker", _("取消（本人）")
    CANCELLED_BY_OFFICE = "cancelled_by_office", _("取消（ハローワーク）")
    NO_SHOW = "no_show", _("無断欠席")
    OFFICE_ABSENT = "office_absent", _("ハローワークの都合で実施できず")


AWAITING = (
    ReservationStatus.AWAITING_LINK,
    ReservationStatus.AWAITING_REPLY,
    ReservationStatus.PROPOSED,
    ReservationStatus.OFFERED,
)
"""The place is kept until `hold_expires_at` for somebody to say yes: by link, by reply, to a proposal, to an offer."""
PENDING = (ReservationStatus.HELD, *AWAITING)
"""Everything that ends by itself at `hold_expires_at`."""
OCCUPYING = (*PENDING, ReservationStatus.CONFIRMED, ReservationStatus.CHECKED_IN, ReservationStatus.COMPLETED)
"""Statuses that take up the counselor's and the person's time: what the exclusion constraints range over."""

UPCOMING = (ReservationStatus.CONFIRMED, ReservationStatus.CHECKED_IN)
CANCELLED = (ReservationStatus.CANCELLED_BY_SEEKER, ReservationStatus.CANCELLED_BY_OFFICE)
NEVER_BOOKED = (ReservationStatus.HELD, ReservationStatus.RELEASED, ReservationStatus.EXPIRED)
"""Holds that never became a reservation: nobody's calendar, history or export shows them."""
UNFINISHED = (ReservationStatus.HELD, ReservationStatus.EXPIRED)
"""A hold that ran out goes on like one that did not: `reserve` takes the place anew while it is free."""


class Action(models.TextChoices):
    HOLD = "hold", _("仮押さえ")
    RESERVE = "reserve", _("予約")
    RELEASE = "release", _("仮押さえの取消")
    EXPIRE = "expire", _("仮押さえの期限切れ")
    REQUEST_BY_LINK = "request_by_link", _("メール確認の申込み")
    ENTER = "enter", _("職員による受付")
    PROPOSE = "propose", _("日時の提案")
    OFFER = "offer", _("空きのご案内")
    CONFIRM = "confirm", _("確定")
    TAKE_OFFER = "take_offer", _("ご案内の受け取り")
    DECLINE = "decline", _("辞退")
    LAPSE = "lapse", _("期限切れ")
    MOVE = "move", _("日時の変更")
    CANCEL_BY_SEEKER = "cancel_by_seeker", _("本人による取消")
    CANCEL_BY_OFFICE = "cancel_by_office", _("ハローワークによる取消")
    CHECK_IN = "check_in", _("入室")
    MARK_CONTACTED = "mark_contacted", _("連絡あり")
    MARK_PRESENT = "mark_present", _("相談員の待機")
    SWITCH_TO_PHONE = "switch_to_phone", _("電話に切り替え")
    MARK_NO_SHOW = "mark_no_show", _("無断欠席")
    UNDO_NO_SHOW = "undo_no_show", _("無断欠席の取消")
    MARK_OFFICE_ABSENT = "mark_office_absent", _("ハローワークの都合")
    STOP = "stop", _("中止")
    COMPLETE = "complete", _("終了")


class BookingWay(models.TextChoices):
    """How a reservation of the service comes to be when the person asks for it. Staff may always enter one."""

    AT_ONCE = "at_once", _("その場で確定")
    MAIL_LINK = "mail_link", _("メールのリンクで確定（1時間以内。アカウント不要）")
    ARRANGED = "arranged", _("申込みを受けてハローワークが調整")
    STAFF_ONLY = "staff_only", _("電話・窓口のみ（職員が入力）")


class Origin(models.TextChoices):
    """How this reservation came to be."""

    PORTAL = "portal", _("サイト")
    MAIL_LINK = "mail_link", _("サイト（メール確認）")
    ARRANGED = "arranged", _("申込みから調整")
    REPLY = "reply", _("電話・メール（返信で確定）")
    PHONE = "phone", _("電話・窓口")
    NEXT = "next", _("相談中に次回を予約")
    WAITING_LIST = "waiting_list", _("空き待ち")


class Standing(models.TextChoices):
    """Who the person is to the office (J-05 to J-07, K-03, H-06, S-16)."""

    REGISTERED_HERE = "registered_here", _("ハローワークで求職登録をしている方")
    REGISTERED_ONLINE = (
        "registered_online",
        _("インターネットで求職登録をしている方（求職者マイページを利用している方）"),
    )
    ABOUT_TO_REGISTER = "about_to_register", _("これから求職登録をする方")
    RECOGNISED = "recognised", _("ハローワークが利用を認めた方")
    EMPLOYER = "employer", _("求人を出している事業所の採用担当の方")


DECLARED = (Standing.REGISTERED_HERE, Standing.REGISTERED_ONLINE, Standing.ABOUT_TO_REGISTER)
"""What a person says themself; the office grants recognition, the account tells the employer."""


class LimitScope(models.TextChoices):
    SERVICE = "service", _("この相談メニューの中で数える")
    OFFICE = "office", _("安定所のすべての相談メニューを合わせて数える")


class RequestState(models.TextChoices):
    """A request that the office arranges (H-25)."""

    RECEIVED = "received", _("調整中")
    PROPOSED = "proposed", _("日時を提案しました")
    ACCEPTED = "accepted", _("予約が決まりました")
    REFUSED = "refused", _("お受けできませんでした")
    WITHDRAWN = "withdrawn", _("取り下げ")
    LAPSED = "lapsed", _("期限切れ")


OPEN_REQUEST = (RequestState.RECEIVED, RequestState.PROPOSED)


class WaitingState(models.TextChoices):
    WAITING = "waiting", _("空き待ち中")
    OFFERED = "offered", _("ご案内中")
    BOOKED = "booked", _("予約済み")
    LEFT = "left", _("取りやめ")
    ENDED = "ended", _("期間終了")


IN_LINE = (WaitingState.WAITING, WaitingState.OFFERED)


class Outcome(models.TextChoices):
    """What came of a session (H-29)."""

    DONE = "done", _("相談を実施")
    REFERRED = "referred", _("職業紹介を実施")
    TO_BE_CONTINUED = "to_be_continued", _("継続（次回あり）")
    TO_THE_COUNTER = "to_the_counter", _("来所での相談に変更")
    NOT_POSSIBLE = "not_possible", _("接続できず実施できなかった")


class Consequence(models.TextChoices):
    """What follows when nobody came: an office's rule proposes it, staff decide it (K-25, H-28, S-28)."""

    NOTE = "note", _("記録だけする")
    WARN = "warn", _("お願いのメールを送る")
    RESTRICT = "restrict", _("期限までオンラインの予約を止める")


class QuestionKind(models.TextChoices):
    TEXT = "text", _("文字")
    CHOICE = "choice", _("選択")
    YES_NO = "yes_no", _("はい・いいえ")


class Ground(models.TextChoices):
    """Why a person may not use the service for a time, or a session was stopped (J-26, J-32, J-35, U-30, K-25, K-33)."""

    NO_SHOWS = "no_shows", _("連絡のない欠席")
    THREAT_OR_ABUSE = "threat_or_abuse", _("脅迫・暴言など")
    HINDERING = "hindering", _("業務の妨げ")
    NOT_FOR_WORK = "not_for_work", _("就職以外の目的の利用")
    RECORDING = "recording", _("録音・録画")
    FALSE_INFORMATION = "false_information", _("虚偽の登録・申告")
    ANOTHERS_ACCOUNT = "anothers_account", _("他人のアカウントの利用・なりすまし")
    ATTACK = "attack", _("不正アクセス・システムへの攻撃")
    PROHIBITED_ACT = "prohibited_act", _("その他の禁止事項")
    REGISTRATION_TO_CHECK = "registration_to_check", _("登録内容の確認が必要")


class Language(models.TextChoices):
    """Languages of the offices' interpreters (domain-and-standards C)."""

    ENGLISH = "en", _("英語")
    CHINESE = "zh", _("中国語")
    PORTUGUESE = "pt", _("ポルトガル語")
    SPANISH = "es", _("スペイン語")
    TAGALOG = "fil", _("タガログ語")
    VIETNAMESE = "vi", _("ベトナム語")
    NEPALI = "ne", _("ネパール語")
    INDONESIAN = "id", _("インドネシア語")
    BURMESE = "my", _("ミャンマー語")
    KOREAN = "ko", _("韓国語")


class MeetingState(models.TextChoices):
    REQUESTED = "requested", _("作成待ち")
    MISSING = "missing", _("URLの登録待ち")
    CREATING = "creating", _("作成中")
    UNKNOWN = "unknown", _("結果不明")
    OPEN = "open", _("作成済み")
    CHANGING = "changing", _("変更待ち")
    FAILED = "failed", _("作成できません")
    CLOSING = "closing", _("削除待ち")
    CLOSED = "closed", _("削除済み")


NOT_YET_OPEN = (MeetingState.REQUESTED, MeetingState.CREATING, MeetingState.UNKNOWN)
CAN_BE_ENTERED = (MeetingState.OPEN, MeetingState.CHANGING)
"""The link is known and works: the meeting exists, though it may not have heard of its new time yet."""
WAITING_FOR_EFFECT = (*NOT_YET_OPEN, MeetingState.CHANGING, MeetingState.CLOSING)
LIVE_MEETING = (*NOT_YET_OPEN, *CAN_BE_ENTERED, MeetingState.FAILED, MeetingState.MISSING)


class TextPlace(models.TextChoices):
    """Where a paragraph of the office's own stands in the mails."""

    PREPARATION = "preparation", _("準備していただくことの後")
    CONTACT = "contact", _("お問い合わせの後")


class SeenBy(models.TextChoices):
    """How we know that somebody was in the meeting."""

    WEBHOOK = "webhook", _("通知")
    POLL = "poll", _("問い合わせ")


class MailKind(models.TextChoices):
    """The mails about a reservation; the words are in templates/booking/mail/<value>.{subject,body}.txt."""

    CONFIRMED = "reservation_confirmed", _("予約確定のお知らせ")
    LINK_FOLLOWS = "place_confirmed_link_follows", _("予約確定（参加方法は後ほど）のお知らせ")
    REMINDER_DAY = "reminder_day_before", _("前日のお知らせ")
    REMINDER_HOUR = "reminder_hour_before", _("1時間前のお知らせ")
    CANCELLED_BY_SEEKER = "cancelled_by_seeker", _("取消（本人）のお知らせ")
    CANCELLED_BY_OFFICE = "cancelled_by_office", _("取消（ハローワーク）のお知らせ")
    NO_SHOW = "no_show", _("無断欠席のお知らせ")
    NEW_LINK = "new_link", _("新しい参加方法のお知らせ")
    CONFIRM_ADDRESS = "confirm_address", _("メールアドレスの確認（予約の確定）")
    REPLY_WANTED = "reply_wanted", _("予約の確認のお願い")
    REQUEST_RECEIVED = "request_received", _("申込み受付のお知らせ")
    PROPOSAL = "proposal", _("日時のご提案")
    REQUEST_REFUSED = "request_refused", _("申込みへの回答（お受けできません）")
    LAPSED = "lapsed", _("予約不成立のお知らせ")
    MOVED = "moved", _("日時変更のお知らせ")
    OFFER = "offer", _("空きのご案内（空き待ち）")
    WAITING_ENDED = "waiting_ended", _("空き待ち終了のお知らせ")
    OFFICE_ABSENT = "office_absent", _("実施できなかったことのおわび")
    NO_SHOW_WARNING = "no_show_warning", _("ご利用についてのお願い")
    RESTRICTED = "restricted", _("ご利用の制限のお知らせ")
    DECISION_WANTED = "decision_wanted", _("確認が必要な予約のお知らせ（職員あて）")


class Requirement(models.TextChoices):
    REQUIRED = "required", _("必須")
    OPTIONAL = "optional", _("任意")
    HIDDEN = "hidden", _("たずねない")


class CancelChannel(models.TextChoices):
    PORTAL = "portal", _("このサイト（期限後は電話）")
    PORTAL_OR_MAIL = "portal_or_mail", _("このサイト（期限後は電話かメール）")
    PHONE = "phone", _("電話のみ")
    PHONE_OR_MAIL = "phone_or_mail", _("電話かメール（当日は電話のみ）")


class Companion(models.TextChoices):
    """Who else will be in the room (J-33)."""

    FAMILY = "family", _("家族")
    SUPPORTER = "supporter", _("他の機関の支援者")
    INTERPRETER = "interpreter", _("通訳")
    CARER = "carer", _("介助者")
    OTHER = "other", _("その他")

    @classmethod
    def words(cls, values: Iterable[str]) -> str:
        return "、".join(str(cls(value).label) for value in values)


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("月曜日")
    TUESDAY = 1, _("火曜日")
    WEDNESDAY = 2, _("水曜日")
    THURSDAY = 3, _("木曜日")
    FRIDAY = 4, _("金曜日")
    SATURDAY = 5, _("土曜日")
    SUNDAY = 6, _("日曜日")
