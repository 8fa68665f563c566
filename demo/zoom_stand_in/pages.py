"""The pages a person can land on: the list of meetings, the room behind the join link, and the host's door."""

import html
from collections.abc import Iterable, Mapping

from werkzeug.wrappers import Response

PAGE = """<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body{{font-family:sans-serif;line-height:1.7;max-width:40rem;margin:3rem auto;padding:0 1rem;color:#1a1a1c}}
dt{{color:#555}}dd{{margin:0 0 .8rem;font-size:1.1rem}}p.note{{background:#f1f1f4;padding:1rem;border-radius:.5rem}}</style>
</head><body><main><h1>{title}</h1>{body}</main></body></html>"""


def page(title: str, body: str, status: int = 200) -> Response:
    return Response(PAGE.format(title=html.escape(title), body=body), status, content_type="text/html; charset=utf-8")


def room(meeting: dict[str, object], *, as_host: bool) -> Response:
    title = "ミーティングを開始しました（見本）" if as_host else "待機室に入りました（見本）"
    waiting = "相談員として入室しています。" if as_host else "相談員が入室を許可するまで、このままお待ちください。"
    facts = "".join(
        f"<dt>{label}</dt><dd>{html.escape(str(value))}</dd>"
        for label, value in (
            ("ミーティング", meeting["topic"]),
            ("ミーティングID", grouped(str(meeting["id"]))),
            ("開始（協定世界時）", meeting["start_time"]),
            ("時間", f"{meeting['duration']}分"),
        )
    )
    note = "この画面は、お試し用に Zoom の代わりをしているものです。映像も音声もつながりません。"
    return page(title, f"<p>{waiting}</p><dl>{facts}</dl><p class='note'>{note}</p>")


def index(meetings: Iterable[Mapping[str, object]]) -> Response:
    note = "<p class='note'>お試し用に Zoom の代わりをしているものです。ここにはポータルが用意したミーティングが並びます。</p>"
    rows = "".join(
        f"<dt>{html.escape(str(meeting['start_time']))}（協定世界時）から{meeting['duration']}分</dt>"
        f'<dd><a href="{html.escape(str(meeting["join_url"]))}">{html.escape(str(meeting["topic"]))}</a>'
        f" ミーティングID {grouped(str(meeting['id']))}</dd>"
        for meeting in sorted(meetings, key=lambda meeting: str(meeting["start_time"]))
    )
    listed = f"<dl>{rows}</dl>" if rows else "<p>ミーティングはまだありません。予約すると、ここに現れます。</p>"
    return page("ミーティングの一覧（見本）", note + listed)


def no_room() -> Response:
    text = "ミーティングが見つかりません。予約が取り消されたか、リンクが途中で切れている可能性があります。"
    return page("ミーティングが見つかりません（見本）", f"<p>{text}</p>", 404)


def wrong_passcode() -> Response:
    text = "パスコードが違います。予約のページから、もう一度リンクを開いてください。"
    return page("パスコードが違います（見本）", f"<p>{text}</p>", 403)


def grouped(meeting_id: str) -> str:
    return f"{meeting_id[:3]} {meeting_id[3:7]} {meeting_id[7:]}" if len(meeting_id) == 11 else meeting_id
