"""python -m demo.zoom_stand_in --port 8001: meetings survive a restart in var/zoom-meetings.jsonl."""

import argparse
import os
import signal
import sys
from pathlib import Path

from demo.addresses import VAR
from demo.zoom_stand_in.app import ZoomStandIn
from demo.zoom_stand_in.server import listen
from demo.zoom_stand_in.tokens import Credentials


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="demo.zoom_stand_in", description="A server that speaks Zoom's HTTP contract."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--base-url", help="how browsers reach this server (default: http://localhost:PORT)")
    parser.add_argument("--state-file", type=Path, default=VAR / "zoom-meetings.jsonl")
    parser.add_argument("--webhook-address", default="", help="where webhooks go, signed with ZOOM_WEBHOOK_SECRET")
    options = parser.parse_args()
    options.state_file.parent.mkdir(parents=True, exist_ok=True)
    base_url = (options.base_url or f"http://localhost:{options.port}").rstrip("/")
    credentials = Credentials(
        account_id=os.environ.get("ZOOM_ACCOUNT_ID") or Credentials.account_id,
        client_id=os.environ.get("ZOOM_CLIENT_ID") or Credentials.client_id,
        client_secret=os.environ.get("ZOOM_CLIENT_SECRET") or Credentials.client_secret,
    )
    app = ZoomStandIn(
        state_file=options.state_file,
        base_url=base_url,
        credentials=credentials,
        webhook_address=options.webhook_address,
        webhook_secret=os.environ.get("ZOOM_WEBHOOK_SECRET", ""),
    )
    try:
        server = listen(app, host=options.host, port=options.port)
    except (OSError, SystemExit):
        sys.exit(f"Zoom stand-in: port {options.port} is taken.")
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(0))
    print(f"Zoom stand-in: http://{options.host}:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("Zoom stand-in: stopped", flush=True)


if __name__ == "__main__":
    main()
