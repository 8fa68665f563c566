"""Waits until the portal answers, then prints where it is and how to sign in. Runs beside the other processes."""

import argparse
import signal
import time
import urllib.error
import urllib.request

from demo.addresses import HOST, Ports, is_free
from demo.sample_staff import PASSWORD, SHOWN, TOTP_SECRETS

PATIENCE_IN_SECONDS = 90


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    ports = Ports(parser.parse_args().port)
    started = time.monotonic()
    while missing := unready(ports):
        if time.monotonic() - started > PATIENCE_IN_SECONDS:
            print(f"Still not answering: {', '.join(missing)}. The lines above may say why.")
            break
        time.sleep(0.5)
    else:
        print(welcome(ports))
    signal.pause()


def unready(ports: Ports) -> list[str]:
    missing = [] if _answers(f"http://{HOST}:{ports.web}/readyz") else ["web"]
    others = {"Zoom stand-in": ports.zoom, "mailbox": ports.mailbox, "SMTP": ports.smtp}
    return missing + [name for name, port in others.items() if is_free(port)]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def welcome(ports: Ports) -> str:
    rows = [
        "",
        f"ポータル   portal          {ports.url(ports.web)}/",
        f"職員用     staff           {ports.url(ports.web)}/admin/",
        f"メール     mailbox         {ports.url(ports.mailbox)}/",
        f"確認コード staff codes     {ports.url(ports.mailbox)}/codes",
        f"Zoomの代役 Zoom stand-in   {ports.url(ports.zoom)}/",
        "",
        f"サンプルのパスワード password for all: {PASSWORD}",
        *(f"  {person.email:36} {person.role}{_needs_code(person.email)}" for person in SHOWN),
        "",
        "Ctrl-C で停止します。Ctrl-C stops everything.",
    ]
    return "\n".join(rows)


def _needs_code(email: str) -> str:
    return "(確認コードが必要です)" if email in TOTP_SECRETS else ""


if __name__ == "__main__":
    main()
