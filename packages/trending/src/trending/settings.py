from ipaddress import ip_address
from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from trending.errors import SettingsError


class Settings(BaseSettings):
    """The environment: `TRENDING_VIEWS_URL` and so on."""

    model_config = SettingsConfigDict(env_prefix="TRENDING_", frozen=True)

    views_url: Annotated[str, Field(pattern=r"^https?://")] = "http://127.0.0.1:9002"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 9003
    token: SecretStr | None = None
    cache_seconds: Annotated[float, Field(ge=0)] = 10.0

    @model_validator(mode="after")
    def _closed_by_default(self) -> Self:
        if not self.token and not _is_loopback(self.host):
            raise ValueError("a host beyond loopback needs TRENDING_TOKEN")
        return self


def load_settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "".join(f"TRENDING_{part}".upper() for part in first["loc"][:1]) or "the environment"
        raise SettingsError(f"{name}: {first['msg'].removeprefix('Value error, ')}") from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
