"""The link of a session, where staff enter it."""

from django.utils.translation import gettext_lazy as _

from booking.refusals.entry import Refusal

LINKS: dict[str, Refusal] = {
    "link_not_https": Refusal(
        _("会議のURLは「https://」で始まるものを入力してください。"),
        _("会議のURLはhttpsだけです。"),
        ("S-24",),
    ),
    "link_unreadable": Refusal(
        _("会議のURLに、使えない文字、空白、ユーザー名やパスワードが入っています。もう一度コピーしてください。"),
        _("URLに空白、改行、「\\」、日本語、「名前:パスワード@」は使えません。"),
        ("S-24",),
    ),
    "link_too_long": Refusal(
        _("会議のURLが長すぎます。%(most)d文字までのURLを入力してください。"),
        _("会議のURLの長さ。"),
        ("S-24",),
    ),
    "link_host_not_allowed": Refusal(
        _("このホスト名のURLは使えません。使えるのは %(hosts)s です。URLを確かめて、入力し直してください。"),
        _("会議のURLに使えるホスト名は、システム管理者が決めます（MEETING_LINK_HOSTS）。詐欺のURLを防ぐためです。"),
        ("S-24",),
    ),
    "no_link_hosts": Refusal(
        _("会議のURLに使えるホスト名が、まだ決まっていません。システム管理者に連絡してください。"),
        _("会議のURLに使えるホスト名（MEETING_LINK_HOSTS）が空です。"),
        ("S-24",),
    ),
    "link_in_use": Refusal(
        _(
            "このURLは、同じ時間か、すぐ前か後の予約 %(number)s（%(starts)s）で使います。前の方の相談に入ってしまうため、別のURLを入力してください。職員が1人ずつ入室を許可する会議なら、「待機室がある」を付けて登録できます。"
        ),
        _("1つのURLは、待機室がない限り、時間が重なる相談や続けての相談には使えません。"),
        ("S-24",),
    ),
    "link_in_use_elsewhere": Refusal(
        _("このURLは、同じ時間か、すぐ前か後に、ほかの安定所の相談で使います。別のURLを入力してください。"),
        _("1つのURLは、待機室がない限り、時間が重なる相談や続けての相談には使えません。"),
        ("S-24",),
    ),
    "link_not_wanted": Refusal(
        _("この予約には、いま会議のURLを登録できません。画面を読み込み直してください。"),
        _("会議のURLを使わない予約か、取り消されたか終わった予約です。"),
    ),
}
