"""The errors of this package.

```
NlpError
├── BackendError          (ValueError)    a capability's URL or name means nothing here
├── ModelError            (RuntimeError)  a model is absent, damaged, or of another shape
└── InputError            (ValueError)    what was given to be analysed cannot be read
```
"""

from typing import ClassVar


class NlpError(Exception):
    """Any error of this package; the message says what to do."""

    retriable: ClassVar[bool] = False


class BackendError(NlpError, ValueError):
    """The URL of a capability names no backend."""


class ModelError(NlpError, RuntimeError):
    """A model cannot be loaded, or answers in another shape than its card says."""


class InputError(NlpError, ValueError):
    """The texts given cannot be read."""
