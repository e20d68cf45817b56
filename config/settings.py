"""What the environment says: every `HOTLINE_*` variable, its type, its default and its check."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SHIPPED_CONFIG = Path(__file__).parent


class Settings(BaseSettings):
    """The public contract with whoever runs the programme; unknown `HOTLINE_*` names are reported by `hotline check`."""

    model_config = SettingsConfigDict(env_prefix="HOTLINE_", extra="ignore")

    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite in `data_dir`."""
    redis_url: str = ""
    """Empty means one process that delivers by itself."""
    port: int = Field(default=12351, ge=0, le=65535)
    host: str = "127.0.0.1"
    public_url: str = ""
    """The address that the carrier and browsers use; empty means http://127.0.0.1:PORT."""
    data_dir: Path = Path("data")
    config_dir: Path = SHIPPED_CONFIG
    secret_key: SecretStr = SecretStr("")
    """At least 32 characters; empty means one made at the first start and kept in `data_dir`."""
    province: str = Field(default="37", pattern=r"^\d{2}$")
    """GB/T 2260 code of the province which this centre answers for."""

    carrier: Literal["sandbox", "twilio", "asterisk"] = "sandbox"
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_api_key_sid: str = ""
    twilio_api_key_secret: SecretStr = SecretStr("")
    twilio_twiml_app_sid: str = ""
    twilio_api_base: str = ""
    fallback_url: str = ""
    """Where the static fallback document is hosted elsewhere; empty means ours, which fails when we do."""
    asterisk_ari_url: str = ""
    asterisk_ari_user: str = ""
    asterisk_ari_password: SecretStr = SecretStr("")
    numbers: Annotated[tuple[str, ...], NoDecode] = ("12351",)
    """Numbers that reach this centre, comma-separated; the first is shown on outbound calls."""

    smtp_host: str = ""
    """The mail server for notices; empty means that nobody is told by e-mail."""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_from: str = ""
    """The sender's mailbox, such as notices@example.org."""
    recording_keys: SecretStr = SecretStr("")
    """`ID:64 hex,…`, the current one first; empty means one derived from the secret key. Older ones stay to open."""

    sandbox_speed: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """How many times faster speech, waits and rings pass on the sandbox's telephones; the programme's own deadlines
    keep to real time. For demonstrations and tests."""

    demo: bool = False
    """Load the demonstration unions and users when the database is empty (`make run` sets it)."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("numbers", mode="before")
    @classmethod
    def _split_numbers(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("public_url", "twilio_api_base", "fallback_url")
    @classmethod
    def _absolute_without_slash(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an absolute http(s) URL")
        if parts.query or parts.fragment or parts.username:
            raise ValueError("must not carry a query, a fragment or credentials")
        return value.rstrip("/")

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and len(value.get_secret_value()) < 32:
            raise ValueError("must have at least 32 characters")
        return value

    @field_validator("recording_keys")
    @classmethod
    def _keys_with_names(cls, value: SecretStr) -> SecretStr:
        parts = [part.strip() for part in value.get_secret_value().split(",") if part.strip()]
        names = [part.split(":")[0] for part in parts]
        sound = all(re.fullmatch(r"[A-Za-z0-9_-]{1,16}:[0-9A-Fa-f]{64}", part) for part in parts)
        if not sound or len(set(names)) != len(names) or "own" in names:
            raise ValueError(
                "must be ID:64 hexadecimal digits, comma-separated, each ID once and none of them own"
            )
        return value

    @model_validator(mode="after")
    def _numbers_given(self) -> Self:
        if not self.numbers:
            raise ValueError("HOTLINE_NUMBERS must name at least one number")
        if self.smtp_host and "@" not in self.smtp_from:
            raise ValueError(
                "HOTLINE_SMTP_FROM must name the sender's mailbox where HOTLINE_SMTP_HOST is set"
            )
        return self

    @cached_property
    def effective_database_url(self) -> str:
        """The database that is really used."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'hotline.db').absolute()}"

    @cached_property
    def effective_public_url(self) -> str:
        """The public address without a trailing slash."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def on_sqlite(self) -> bool:
        """True for the embedded database: one process only."""
        return self.effective_database_url.startswith("sqlite")
