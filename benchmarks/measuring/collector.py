"""The collector on X's stream, as `twitterhandler run` puts it together; settings come from the environment."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal

from twitterhandler.errors import SettingError
from twitterhandler.ingest import Ingest
from twitterhandler.settings import Settings
from twitterhandler.sources.x import XSource
from twitterhandler.subscriptions import Subscriptions


async def main() -> None:
    settings = Settings.read()
    transport = settings.open_x()
    if transport is None:
        raise SettingError("no key; set TWITTERHANDLER_X_TOKEN")
    registry, sink = settings.open_registry(), settings.open_sink()
    spending = settings.open_spending(registry)
    ingest = Ingest(XSource(transport), sink, subscriptions=Subscriptions(registry), spending=spending)
    carrying = asyncio.create_task(ingest.run())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, carrying.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await carrying
    finally:
        await sink.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main())
