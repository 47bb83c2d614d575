"""What the environment may say: variables that begin with DASHBOARD_."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from dashboard.live import MAX_BROWSERS


class Settings(BaseSettings):
    """Read by the command line program only."""

    model_config = SettingsConfigDict(env_prefix="DASHBOARD_", frozen=True)

    views_url: str = "http://127.0.0.1:9002"
    trending_url: str = "http://127.0.0.1:9003"
    twitterhandler_url: str = "http://127.0.0.1:9001"
    twitterhandler_token: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8050, ge=0, le=65535)
    token: SecretStr | None = None
    max_browsers: int = Field(default=MAX_BROWSERS, ge=1, le=10_000)

    @field_validator("views_url", "trending_url", "twitterhandler_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("give an address that begins with http:// or https://")
        return url

    @field_validator("token")
    @classmethod
    def _is_long_enough(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and len(token.get_secret_value()) < 16:
            raise ValueError("give a token of at least 16 characters")
        return token

    @model_validator(mode="after")
    def _is_closed_by_default(self) -> Self:
        if self.token is None and not is_loopback(self.host):
            raise ValueError(f"host {self.host} is open to others: set DASHBOARD_TOKEN, or listen on 127.0.0.1")
        return self


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
