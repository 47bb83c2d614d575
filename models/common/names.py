"""TFX hands functions on by their names, `models.sentiment.train.run_fn`, from one component to the next."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def named(name: str) -> Callable[..., Any]:
    module, _, function = name.rpartition(".")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
