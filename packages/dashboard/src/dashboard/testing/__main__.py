"""The page over the made-up world, until Ctrl-C."""

import sys

import uvicorn

from dashboard.app import create_app
from dashboard.testing import FakeUpstream, Server


def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8050
    with Server(FakeUpstream().app) as upstream:
        print(f"http://127.0.0.1:{port}")
        app = create_app(upstream.url, upstream.url, upstream.url)
        uvicorn.run(app, port=port, log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
