"""The collector over HTTP."""

from twitterhandler.api.app import create_app

__all__ = ["create_app"]
