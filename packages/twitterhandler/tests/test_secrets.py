"""A key appears in no log, error, repr, metric or OpenAPI example, whatever goes wrong and however much is logged."""

import logging
import traceback

import orjson
import pytest
from conftest import told_secrets
from sources.x.collecting import collecting
from twitterhandler.api import create_app
from twitterhandler.errors import SourceRefusedError, SourceUnavailableError
from twitterhandler.metrics import exposition
from twitterhandler.posts import encode
from twitterhandler.settings import Settings
from twitterhandler.sources.x import BearerToken, XTransport
from twitterhandler.testing.xserver import Fault
from twitterhandler.testing.xserver.server import TOKEN


def test_the_suite_finds_a_secret_that_was_told():
    assert told_secrets([("Captured log call", f"sent Bearer {TOKEN}")]) == [TOKEN]
    assert told_secrets([("Captured stdout call", "sent it")]) == []


def test_a_run_with_all_that_can_go_wrong_tells_no_key(caplog, capfd):
    caplog.set_level(logging.DEBUG)
    told = []

    async def story(x, collector):
        faults = [Fault.no_rules(), Fault.too_many_connections(), Fault.rate_limited(5.0), Fault.unavailable()]
        faults += [Fault.server_error(), Fault.refused(), Fault.slow_start(), Fault.rst(), Fault.garbage(), Fault.eof()]
        x.fail(*faults)
        x.push("tea", "rain")
        await x.platform.clock.sleep(600)
        status = collector.ingest.status()
        app = create_app(collector.registry, collector.ingest)
        told.extend([repr(collector.source), repr(vars(collector.source)), str(status), repr(x.requests)])
        told.extend([exposition([collector.ingest]).decode(), orjson.dumps(app.openapi()).decode()])
        told.extend(encode(record).decode() for record in collector.queue.records)
        x.fail(Fault.unauthorized(), Fault.eof())
        await x.platform.clock.sleep(60)
        told.append(collector.ingest.status().failure)
        told.extend(traceback.format_exception(collector.task.exception()))

    collecting(story)
    told.extend([caplog.text, *capfd.readouterr()])
    assert "X answered 503" in caplog.text
    assert TOKEN not in "".join(map(str, told))


def test_no_error_holds_it_anywhere_in_its_chain():
    async def story(x, collector):
        x.fail(*[Fault.unavailable(), Fault.unauthorized(), Fault.refused()], route="rules")
        for _ in range(3):
            with pytest.raises((SourceRefusedError, SourceUnavailableError)) as caught:
                async with XTransport(BearerToken(TOKEN), base_url=x.url) as transport:
                    await transport.ask("GET", "/2/tweets/search/stream/rules")
            error = caught.value
            while error:
                assert TOKEN not in f"{error!r} {error.args} {vars(error)}"
                error = error.__cause__ or error.__context__

    collecting(story)


def test_settings_hide_it():
    settings = Settings.read(x_token=TOKEN, token=TOKEN)
    assert TOKEN not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
