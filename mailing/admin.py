"""The ledger for the national administrator: to read, and to send again. Staff see mails at the reservation."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from audit.permissions import is_national
from audit.record import record
from mailing.models import PERHAPS_SENT, WAS, MailState, OutgoingMail
from mailing.queue import send_again


@admin.register(OutgoingMail)
class OutgoingMailAdmin(admin.ModelAdmin[OutgoingMail]):
    list_display = ["due_at", "outcome", "kind", "to", "sent_at", "attempts"]
    list_filter = ["state", "kind", "due_at"]
    search_fields = ["=to", "=cause", "=message_id"]
    search_help_text = gettext_lazy("宛先のメールアドレス、きっかけ、Message-ID（いずれも全体が一致するもの）")
    fields = [
        "kind",
        "cause",
        "to",
        "state",
        "created_at",
        "due_at",
        "claimed_at",
        "sent_at",
        "bounced_at",
        "told_at",
        "told_by",
        "attempts",
        "perhaps_sent",
        "error",
        "message_id",
        "delivery_reports",
        "former_state",
        "subject",
        "text",
        "attached",
    ]
    readonly_fields = ["text", "attached", "delivery_reports", "perhaps_sent", "former_state"]
    actions = ["send_undelivered_again"]
    show_full_result_count = False

    @admin.display(description=gettext_lazy("本文"))
    def text(self, mail: OutgoingMail) -> str:
        return _("（本人だけに宛てたリンクを含むため、表示しません）") if mail.is_secret else mail.body

    @admin.display(description=gettext_lazy("状態"), ordering="state")
    def outcome(self, mail: OutgoingMail) -> str:
        """With the reason below it: a column of its own would be too narrow to read."""
        return format_html('<span class="nowrap">{}</span><br>{}', mail.get_state_display(), mail.error)

    @admin.display(description=gettext_lazy("添付ファイル"))
    def attached(self, mail: OutgoingMail) -> str | None:
        return "、".join(attachment["name"] for attachment in mail.attachments) or None

    @admin.display(description=gettext_lazy("配送の報告"))
    def delivery_reports(self, mail: OutgoingMail) -> str | None:
        lines = [
            (localize(timezone.localtime(report.received_at)), str(report), report.diagnostic)
            for report in mail.reports.order_by("received_at")
        ]
        return format_html_join(mark_safe("<br>"), "{} {} {}", lines) or None

    @admin.display(description=gettext_lazy("届いたか分からないまま送り直した回数"))
    def perhaps_sent(self, mail: OutgoingMail) -> int:
        return int(mail.context.get(PERHAPS_SENT, 0))

    @admin.display(description=gettext_lazy("消去前の状態"))
    def former_state(self, mail: OutgoingMail) -> str | None:
        return str(MailState(mail.context[WAS]).label) if WAS in mail.context else None

    @admin.action(description=gettext_lazy("選択した届かなかったメールをもう一度送る"))
    def send_undelivered_again(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> None:
        chosen = list(queryset)
        count = send_again(chosen, now=timezone.now())
        record("mail.sent_again", actor=request.user, request=request, detail={"mails": [mail.pk for mail in chosen]})
        left = len(chosen) - count
        if count:
            done = ngettext("%d件をもう一度送ります。", "%d件をもう一度送ります。", count) % count
            self.message_user(request, done, messages.SUCCESS)
        if left:
            why = (
                _(
                    "%d件は送り直せません。送信できなかったメールと届かなかったメールが対象で、本文を残さないメールは除きます。"
                )
                % left
            )
            self.message_user(request, why, messages.WARNING)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the page offers as a filter: a text that is not shown must not be guessed by `?body__contains=…`."""
        return lookup.partition("__")[0] in self.list_filter and super().lookup_allowed(lookup, value, request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_national(request.user)

    def has_view_permission(self, request: HttpRequest, obj: OutgoingMail | None = None) -> bool:
        return is_national(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: OutgoingMail | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OutgoingMail | None = None) -> bool:
        return False
