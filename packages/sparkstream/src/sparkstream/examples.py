"""One answer of each route, for OpenAPI and the contract (docs/contracts/views.md); made by the simulator."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Final

EXAMPLES: Final[dict[str, Any]] = json.loads(files("sparkstream").joinpath("examples.json").read_text("utf-8"))
