"""The collector as a service: the API, and one source beside it."""

import asyncio
import logging

from twitterhandler.api import create_app
from twitterhandler.errors import RegistryError, TwitterhandlerError
from twitterhandler.ingest import REFRESH, Ingest
from twitterhandler.serving import listen, run_app
from twitterhandler.settings import Settings
from twitterhandler.subscriptions import Subscriptions

log = logging.getLogger(__name__)


async def serve(settings: Settings) -> None:
    """Runs until SIGINT or SIGTERM; what was heard until then is flushed.

    Raises:
        TwitterhandlerError: it cannot start.
    """
    with listen(settings.host, settings.port, guarded=settings.token is not None) as listener:
        registry = settings.open_topics()
        spending = settings.open_spending(registry)
        source = settings.open_source(spending)
        sink = settings.open_sink()
        x = settings.open_x()
        ingest = Ingest(source, sink, subscriptions=Subscriptions(registry), spending=spending)
        host, port = listener.getsockname()[:2]
        log.info("%s to %s; listening on http://%s:%d", source.name, settings.sink, host, port)
        tasks = [asyncio.create_task(_carry(ingest)), asyncio.create_task(watch(ingest))]
        try:
            estimator = settings.open_estimator(x)
            app = create_app(registry, ingest, spending=spending, estimator=estimator, token=settings.token)
            await run_app(app, listener)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await sink.close()
            if x:
                await x.close()
            if spending:
                spending.close()


async def _carry(ingest: Ingest) -> None:
    try:
        await ingest.run()
    except TwitterhandlerError as exc:
        log.error("%s; the service stays up, see /v1/status", exc)  # noqa: TRY400 - one line, no traceback
        return
    log.info("the source ended after %d posts", ingest.status().counts.posts)


async def watch(ingest: Ingest) -> None:
    """Passes changes of topics on, also while the source is quiet or after its end."""
    while True:
        await asyncio.sleep(REFRESH.total_seconds())
        try:
            await ingest.announce_changes()
        except RegistryError as exc:
            log.warning("%s", exc)
