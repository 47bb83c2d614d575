import json

import pytest
from twitterhandler.errors import SourceRefusedError, SourceUnavailableError
from twitterhandler.sources.x.answers import refusal

NOW = 1_790_000_000.0
X = "https://api.x.com/2/problems"
TWITTER = "https://api.twitter.com/2/problems"


def answer(status, body=None, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return refusal(status, {name.replace("_", "-"): value for name, value in headers.items()}, content, now=NOW)


@pytest.mark.parametrize(
    ("status", "body", "headers", "trouble", "wait"),
    [
        (429, {"title": "Too Many Requests", "type": "about:blank"}, {}, "rate_limit", None),
        (429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, {}, "rate_limit", None),
        (429, {}, {"x_rate_limit_reset": "1790000090"}, "rate_limit", 91.0),
        (429, {}, {"x_rate_limit_reset": "1789999000"}, "rate_limit", None),
        (429, {}, {"x_rate_limit_reset": "soon"}, "rate_limit", None),
        (420, b"Enhance Your Calm", {}, "rate_limit", None),
        (
            429,
            {"title": "ConnectionException", "connection_issue": "TooManyConnections"},
            {"x_rate_limit_reset": "1790000090"},
            "slot",
            None,
        ),
        (409, {"title": "ConnectionException", "connection_issue": "RuleConfigurationIssue"}, {}, "no_rules", None),
        (409, b"", {}, "no_rules", None),
        (400, {"connection_issue": "RulesInvalidIssue"}, {}, "no_rules", None),
        (403, {"connection_issue": "ProvisioningSubscription"}, {}, "server", None),
        (500, {}, {}, "server", None),
        (503, b"<html>over capacity</html>", {"retry_after": "30"}, "server", 30.0),
        (503, b"", {"retry_after": "Wed, 25 Nov 2026 12:00:00 GMT"}, "server", None),
        (408, b"[]", {}, "server", None),
    ],
)
def test_what_passes_is_asked_again_after_its_own_wait(status, body, headers, trouble, wait):
    error = answer(status, body, **headers)
    assert isinstance(error, SourceUnavailableError)
    assert error.retriable
    assert (error.trouble, error.wait) == (trouble, wait)


@pytest.mark.parametrize(
    ("status", "body", "what_to_do"),
    [
        (400, {"title": "Invalid Request", "detail": "One or more parameters"}, "correct what was asked for"),
        (401, {"title": "Unauthorized"}, "set TWITTERHANDLER_X_TOKEN"),
        (402, {}, "add credits"),
        (403, {"type": f"{TWITTER}/client-forbidden", "reason": "client-not-enrolled"}, "give the app access"),
        (404, b"<html>", "check TWITTERHANDLER_X_URL"),
        (302, b"", "correct TWITTERHANDLER_X_URL"),
        (418, b"", "update twitterhandler"),
        (429, {"type": f"{X}/usage-capped", "period": "Monthly"}, "cap of posts for the monthly period"),
        (429, {"type": f"{TWITTER}/usage-capped", "period": "Daily"}, "cap of posts for the daily period"),
        (429, {"title": "UsageCapExceeded"}, "raise it in X's developer console"),
    ],
)
def test_what_does_not_pass_stops_and_says_what_to_do(status, body, what_to_do):
    error = answer(status, body)
    assert isinstance(error, SourceRefusedError)
    assert not error.retriable
    assert what_to_do in str(error)


def test_what_x_says_is_repeated_on_one_line_and_not_without_end():
    error = answer(403, {"detail": "no\naccess " + "!" * 5_000})
    assert "(no access !!!" in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < 400
