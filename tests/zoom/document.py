"""Where Zoom's own OpenAPI document lies: it is Zoom's, no part of this repository; ZOOM_CONTRACT_DIR names its folder."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("ZOOM_CONTRACT_DIR") or REPOSITORY.parent / "shared" / "zoom")
ZOOM_DOCUMENT = FOLDER / "zoom-mock.openapi.json"
