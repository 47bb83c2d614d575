"""The collector as a service: the API, and one source or several beside it."""

import asyncio
import logging
from collections.abc import Sequence

from twitterhandler.api import create_app
from twitterhandler.errors import InternalError, RegistryError, SinkError, TwitterhandlerError
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
        sources = settings.open_sources(spending)
        sink = settings.open_sink()
        x = settings.open_x()
        subscriptions = Subscriptions(registry)
        ingests = [Ingest(source, sink, subscriptions=subscriptions, spending=spending) for source in sources]
        host, port = listener.getsockname()[:2]
        names = ", ".join(source.name for source in sources)
        log.info("%s to %s; listening on http://%s:%d", names, settings.sink, host, port)
        tasks = [asyncio.create_task(_carry(ingest)) for ingest in ingests]
        tasks.append(asyncio.create_task(watch(ingests)))
        try:
            estimator = settings.open_estimator(x)
            app = create_app(registry, ingests, spending=spending, estimator=estimator, token=settings.token)
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
    """One source of several: when it fails, the others go on."""
    name = ingest.status().source
    try:
        await ingest.run()
    except TwitterhandlerError as exc:
        log.error("%s: %s; the service stays up, see /v1/status", name, exc)  # noqa: TRY400 - one line, no traceback
        return
    log.info("%s ended after %d posts", name, ingest.status().counts.posts)


async def watch(ingests: Sequence[Ingest]) -> None:
    """Passes changes of topics on, also while a source is quiet or after its end."""
    while True:
        await asyncio.sleep(REFRESH.total_seconds())
        for ingest in ingests:
            try:
                await ingest.attend()
            except (RegistryError, SinkError) as exc:
                log.warning("%s", exc)
            except Exception as exc:  # noqa: BLE001 - an outermost loop: without it nobody would follow the topics
                log.error("%s", InternalError.of(exc))  # noqa: TRY400 - one line, no traceback
