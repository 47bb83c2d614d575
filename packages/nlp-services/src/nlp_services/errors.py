"""The errors of this package.

```
NlpError
├── BackendError          (ValueError)    a capability's URL or name means nothing here
├── ModelError            (RuntimeError)  a model is absent, damaged, or of another shape
├── UnavailableError      (ConnectionError)  a server with a model does not answer; retriable
├── DeniedError           (PermissionError)  a server wants a token, or another one
├── InputError            (ValueError)    what was given to be analysed cannot be read
├── SettingsError         (ValueError)    a setting of a program is wrong or unsafe
└── ServeError            (OSError)       the service cannot listen where it should
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


class UnavailableError(NlpError, ConnectionError):
    """The server of a capability is down, slow or overloaded: nothing was analysed; the same call may work later."""

    retriable: ClassVar[bool] = True


class DeniedError(NlpError, PermissionError):
    """The server of a capability does not take the token that it was given, or was given none."""


class InputError(NlpError, ValueError):
    """The texts given cannot be read."""


class SettingsError(NlpError, ValueError):
    """A program is not set up to run."""


class ServeError(NlpError, OSError):
    """The address of the service is taken, or not of this machine."""
