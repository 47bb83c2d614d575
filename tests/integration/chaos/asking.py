"""Who asks the view API all the time, and does not mind that it is away: what it answers has to be an answer."""

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any

EVERY = 0.3
SECONDS = 40.0
ANSWERS = {200, 404, 503}
"""Good, unknown as yet, and a store that is away."""
WHOLE = {"from": "2026-11-21T00:00:00Z", "to": "2026-11-22T00:00:00Z"}


class Asker:
    """Asks on a thread.

    Attributes:
        statuses: how often it got which.
        strange: answers that are none.
    """

    def __init__(self, url: str, topics: Sequence[str]) -> None:
        self.url, self.topics = url, topics
        self.statuses: Counter[int] = Counter()
        self.strange: list[str] = []
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, name="asker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._enough.set()
        if self._thread.is_alive():
            self._thread.join(2 * SECONDS)

    def ask(self, path: str, **parameters: object) -> tuple[int, Any]:
        """Status and content.

        Raises:
            OSError, HTTPException: nobody answers, or no more.
        """
        try:
            with urllib.request.urlopen(
                f"{self.url}{path}?{urllib.parse.urlencode(parameters)}", timeout=SECONDS
            ) as got:
                return got.status, json.load(got)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def _run(self) -> None:
        number = 0
        while not self._enough.wait(EVERY):
            topic = self.topics[number % len(self.topics)]
            about = f"/v1/topics/{topic}/"
            paths = ["/v1/topics", f"{about}summary", f"{about}series", f"{about}posts", "/v1/status"]
            path = paths[number % len(paths)]
            number += 1
            try:
                status, content = self.ask(path, **WHOLE)
            except (OSError, HTTPException):
                continue
            self.statuses[status] += 1
            if status not in ANSWERS:
                self.strange.append(f"{path}: {status} {content}")
