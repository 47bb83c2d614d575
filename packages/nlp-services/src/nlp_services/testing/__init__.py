"""Public fakes, for the tests of those who use this package."""

from nlp_services.testing.serving import create_serving_app, served

__all__ = ["create_serving_app", "served"]
