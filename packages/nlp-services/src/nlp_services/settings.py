"""Settings of the programs, from the environment (`NLP_SERVICES_…`); the library itself reads none."""

from typing import Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from nlp_services.errors import SettingsError

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SHORTEST_TOKEN = 16


class Settings(BaseSettings):
    """Where the service listens, and which backend each capability has."""

    model_config = SettingsConfigDict(env_prefix="NLP_SERVICES_", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=9004, ge=0, le=65_535)
    token: SecretStr | None = None
    entities: str = "local:"
    keywords: str = "local:"
    sentiment: str = "local:"
    emotion: str = "local:"
    backends_token: SecretStr | None = None

    @field_validator("token")
    @classmethod
    def _is_long_enough(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and len(token.get_secret_value()) < _SHORTEST_TOKEN:
            raise ValueError(f"give a token of at least {_SHORTEST_TOKEN} characters")
        return token

    @model_validator(mode="after")
    def _is_closed_by_default(self) -> Self:
        if self.token is None and self.host not in _LOOPBACK:
            raise ValueError(f"host {self.host} is open to others: set NLP_SERVICES_TOKEN, or listen on 127.0.0.1")
        return self


def load_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: A variable has no usable value; the value itself, which may be a secret, is not repeated.
    """
    try:
        return Settings()
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        name = "".join(f"NLP_SERVICES_{str(part).upper()}: " for part in first["loc"][:1])
        raise SettingsError(f"{name}{first['msg'].removeprefix('Value error, ')}") from None
