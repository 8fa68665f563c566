"""python -m demo.mailbox --smtp-port 8003 --http-port 8002"""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from werkzeug.serving import WSGIRequestHandler, make_server

from demo.addresses import HOST, VAR
from demo.mailbox.pages import MailboxPages
from demo.mailbox.smtp import smtp_server
from demo.mailbox.store import Mailbox


class QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the terminal belongs to the portal."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, default=VAR / "mailbox")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    mailbox = Mailbox(options.folder)
    smtp = smtp_server(mailbox, host=HOST, port=options.smtp_port)
    smtp.start()
    pages = make_server(HOST, options.http_port, MailboxPages(mailbox), threaded=True, request_handler=QuietHandler)
    try:
        pages.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        pages.server_close()
        smtp.stop()


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
