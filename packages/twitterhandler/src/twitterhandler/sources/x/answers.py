"""What X's refusals mean and what to do about them: status, headers and body in, our own error out.

X writes `type` as a URI of two hosts (api.twitter.com, api.x.com): its last segment is what counts.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from twitterhandler.errors import SourceError, SourceRefusedError, SourceUnavailableError

_SHOWN: Final = 200
"""Characters of X's own words that an error repeats."""
_LATER: Final = frozenset({408, 420, 425, 429})

_ADVICE: Final[dict[int, str]] = {
    400: "correct what was asked for, or update twitterhandler",
    401: "set TWITTERHANDLER_X_TOKEN to the bearer token of an app that is in use",
    402: "add credits to the account in X's developer console",
    403: "give the app access to this endpoint in X's developer console",
    404: "check TWITTERHANDLER_X_URL, or update twitterhandler",
}


def refusal(status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> SourceError:
    """The error that an answer outside of 200 to 299 is.

    Args:
        status: Of the answer.
        headers: Of the answer; their names in whatever case the mapping allows.
        body: As much of it as was read; problem JSON, or a proxy's HTML.
        now: Seconds of the epoch, which `x-rate-limit-reset` is compared with.
    """
    problem = _problem(body)
    said = words_of(problem)
    words = f" ({said})" if said else ""
    issue, kind = str(problem.get("connection_issue", "")), last_segment(problem)
    if issue == "TooManyConnections":
        return SourceUnavailableError(
            "X says that all connections of this app are in use; stop the other program that listens with its key, or "
            "wait until X has noticed that an old connection is gone",
            "slot",
        )
    if kind == "usage-capped" or problem.get("title") == "UsageCapExceeded":
        period = str(problem.get("period", "")).lower() or "present"
        return SourceRefusedError(
            f"X's cap of posts for the {period} period is reached; raise it in X's developer console, or start again "
            f"in the next period{words}",
            status=status,
        )
    if status == 409 or issue in ("RuleConfigurationIssue", "RulesInvalidIssue"):
        return SourceUnavailableError(f"X has no rule to listen for{words}; they are written again", "no_rules")
    if issue == "ProvisioningSubscription" or status >= 500:
        advice = "it is tried again; https://docs.x.com/status says more"
        return SourceUnavailableError(f"X answered {status}{words}; {advice}", "server", wait=_retry_after(headers))
    if status in _LATER:
        return SourceUnavailableError(
            f"X answered {status}{words}; it is asked again when its limit allows",
            "rate_limit" if status in (420, 429) else "server",
            wait=_until_reset(headers, now) or _retry_after(headers),
        )
    if 300 <= status < 400:
        advice = "that it is elsewhere; correct TWITTERHANDLER_X_URL"
        return SourceRefusedError(f"X's address answers {status}, {advice}", status=status)
    return SourceRefusedError(f"X answered {status}{words}; {_ADVICE.get(status, _ADVICE[400])}", status=status)


def last_segment(problem: Mapping[str, Any]) -> str:
    """`usage-capped` of `https://api.x.com/2/problems/usage-capped`."""
    return str(problem.get("type", "")).rstrip("/").rpartition("/")[2]


def _problem(body: bytes) -> dict[str, Any]:
    """The object of the body, or the first of its `errors`; empty for HTML and the like."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(found, dict):
        return {}
    errors = found.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return {**first, **found}


def words_of(problem: Mapping[str, Any]) -> str:
    """What X itself says, on one line, cut; empty when it says nothing."""
    details = problem.get("details")
    said = details[0] if isinstance(details, list) and details else None
    said = said or problem.get("detail") or problem.get("message") or problem.get("title")
    return "".join(char if char.isprintable() else " " for char in said)[:_SHOWN] if isinstance(said, str) else ""


def _until_reset(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until one after the limit's reset, as X's clock may be a little behind."""
    reset = _number(headers.get("x-rate-limit-reset"))
    return reset - now + 1 if reset is not None and reset > now else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    return _number(headers.get("retry-after"))


def _number(text: str | None) -> float | None:
    """A header's whole number; a date or nonsense is none."""
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 12 else None
