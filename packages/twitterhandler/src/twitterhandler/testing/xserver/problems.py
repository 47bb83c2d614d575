"""Answers of X that are no success, as they were seen or are documented."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from twitterhandler.testing.xserver.content import Json

PROBLEMS: Final = "https://api.twitter.com/2/problems"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; a `body` that is no text is written as JSON."""

    status: int
    body: Json | list[Json] | str
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """A request that gets `answer` instead of what it asked for."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def about_blank(status: int, title: str, detail: str | None = None) -> Answer:
    return Answer(status, {"title": title, "type": "about:blank", "status": status, "detail": detail or title})


def unauthorized() -> Answer:
    return about_blank(401, "Unauthorized")


def forbidden(reason: str = "client-not-enrolled") -> Answer:
    """403: the app may not use this endpoint; `reason` is that or `official-client-forbidden`."""
    return Answer(
        403,
        {
            "client_id": "101010",
            "detail": "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens "
            "from a Twitter developer App that is attached to a Project.",
            "registration_url": "https://developer.twitter.com/en/docs/projects/overview",
            "title": "Client Forbidden",
            "required_enrollment": "Appropriate Level of API Access",
            "reason": reason,
            "type": f"{PROBLEMS}/client-forbidden",
        },
    )


def not_found(path: str) -> Answer:
    return about_blank(404, "Not Found", f"Could not find the path [{path}].")


def no_rules() -> Answer:
    """409: a stream without rules has nothing to give."""
    detail = "Rules must be configured before connecting."
    return Answer(409, _connection_problem("RuleConfigurationIssue", detail))


def too_many_connections() -> Answer:
    """The 429 that is no rate limit: requests remain, but no connection."""
    return Answer(429, too_many_connections_body())


def too_many_connections_body() -> Json:
    detail = "This stream is currently at the maximum allowed connection limit."
    return _connection_problem("TooManyConnections", detail)


def rate_limited() -> Answer:
    return about_blank(429, "Too Many Requests")


def usage_capped(period: str = "Monthly", scope: str = "Product") -> Answer:
    """The 429 of an account that has read as much as it may."""
    return Answer(
        429,
        {
            "account_id": 101010,
            "product_name": "pay-per-use",
            "title": "UsageCapExceeded",
            "period": period,
            "scope": scope,
            "detail": f"Usage cap exceeded: {period} product cap",
            "type": f"{PROBLEMS}/usage-capped",
        },
    )


def server_error() -> Answer:
    return about_blank(500, "Internal Server Error")


def unavailable(*, html: bool = True) -> Answer:
    """503, from a proxy that knows no JSON or from the API."""
    if html:
        page = "<html><head><title>503</title></head><body>Service Temporarily Unavailable</body></html>"
        return Answer(503, page, {"content-type": "text/html"})
    return about_blank(503, "Service Unavailable")


def invalid_parameter(name: str, value: object, message: str) -> Answer:
    return invalid_request({"parameters": {name: [str(value)]}, "message": message})


def invalid_request(*errors: Mapping[str, Any]) -> Answer:
    return Answer(400, invalid_request_body(*errors))


def invalid_request_body(*errors: Mapping[str, Any]) -> Json:
    return {
        "errors": list(errors),
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{PROBLEMS}/invalid-request",
    }


def disconnect(kind: str = "UpstreamOperationalDisconnect") -> Json:
    """The notice inside a stream that it ends."""
    detail = "This stream has been disconnected upstream for operational reasons."
    error = {"title": "operational-disconnect", "disconnect_type": kind, "detail": detail}
    return {"errors": [{**error, "type": "https://api.x.com/2/problems/operational-disconnect"}]}


def _connection_problem(issue: str, detail: str) -> Json:
    return {
        "title": "ConnectionException",
        "detail": detail,
        "connection_issue": issue,
        "type": f"{PROBLEMS}/streaming-connection",
    }
