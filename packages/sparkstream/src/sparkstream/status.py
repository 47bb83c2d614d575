"""What the job last said of itself, judged by the clock."""

from __future__ import annotations

from typing import Any

from sparkstream.__about__ import __version__
from sparkstream.stores.base import Store
from sparkstream.times import format_time
from sparkstream.views import Views


def job_status(store: Store, now: int) -> dict[str, Any]:
    status = store.status()
    dead = store.dead_letter_count()
    if status is None:
        return {
            "state": "unknown" if "speed" in store.down() else "none",
            "run": None,
            "batch": None,
            "updated_at": None,
            "rate": 0.0,
            "lag_seconds": None,
            "dead_letters": dead,
        }
    running = not status.silent(now)
    return {
        "state": "running" if running else "stopped",
        "run": status.run,
        "batch": status.batch,
        "updated_at": format_time(status.updated_at),
        "rate": status.rate if running else 0.0,
        "lag_seconds": None if status.lag is None else round(status.lag / 1000, 3),
        "dead_letters": dead,
    }


def whole_status(views: Views) -> dict[str, Any]:
    views = views.at_once()
    status = views.store.status()
    versions = {"sparkstream": __version__, "models": dict(status.models) if status else {}}
    return {"job": job_status(views.store, views.clock()), "layers": views.topics()["layers"], "versions": versions}
