"""Every setting: flags before environment before one TOML file before defaults.

Each package owns its section; `docs/settings.md` lists them all, and a test holds the two together.
"""

import re
import tomllib
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from limits import parse
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as SourceError

from db.models import LegalBasis
from db.settings import DatabaseSettings
from media_server.settings import MediaSettings, SpeechSettings, WorkSettings
from signaling.settings import SignalingSettings
from web.embedding import EmbeddingSettings
from web.limits import LimitSettings
from web.mail import MailSettings
from web.webhooks.settings import WebhookSettings

_BASE_PATH = re.compile(r"(/[A-Za-z0-9_-]+)*")
_LOCATION = re.compile(r"(/[A-Za-z0-9_-]+)+/")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class WebSettings(BaseModel):
    """The `[web]` section: where people and programs reach the server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="The address to listen on; `0.0.0.0` for every IPv4 address.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(8080, description="The TCP port to listen on.")
    public_url: str | None = Field(
        None,
        description="The address that people use, as in `https://interviews.example.org`; every link begins with it. "
        "With a path, as in `https://example.org/interviews`, everything is served below that path.",
    )
    tls_cert: Path | None = Field(None, description="Certificate chain (PEM), when Holdfast speaks TLS itself.")
    tls_key: Path | None = Field(None, description="The certificate's private key (PEM).")
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Addresses or networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."
    )
    accel_redirect: str | None = Field(
        None,
        description="The internal location of an nginx in front that stands for the data folder, as in "
        "`/holdfast-files/`: nginx then sends files itself. Only trusted proxies are told to.",
    )
    max_body_bytes: Annotated[int, Field(ge=65_536)] = Field(
        131_072, description="The largest request body that is read, in bytes; a larger one gets 413."
    )
    max_connections: Annotated[int, Field(ge=10)] = Field(
        1_000, description="How many connections there may be to the pages at once; further ones are closed."
    )
    max_connections_per_address: Annotated[int, Field(ge=2)] = Field(
        250, description="The same from one address, other than a trusted proxy's; an office may share one."
    )
    keepalive_s: Annotated[float, Field(ge=1, le=3_600)] = Field(
        75.0,
        description="A connection that asks nothing, or has not finished asking, for this many seconds is closed; longer "
        "than a proxy in front keeps it (nginx: 60).",
    )
    sign_in_rate: str = Field(
        "10/5minute", description="How often one address, and one e-mail, may try to sign in; oftener gets 429."
    )
    login_days: Annotated[int, Field(ge=1, le=90)] = Field(
        7, description="How many days a signed-in browser stays signed in."
    )
    metrics_from: tuple[str, ...] = Field(
        ("127.0.0.0/8", "::1/128"), description="Addresses or networks that may read `/metrics`; others get 404."
    )
    log_addresses: Literal["full", "short", "none"] = Field(
        "short", description="What the log says of who asked: the address, its network alone (/24, /48), or nothing."
    )
    log_format: Literal["text", "json"] = Field("text", description="What the log's lines look like.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("write scheme, host and perhaps a path, as in https://interviews.example.org")
        if not _BASE_PATH.fullmatch(parts.path.rstrip("/")):
            raise ValueError("its path may hold letters, digits, hyphens, underscores and slashes alone")
        return url.rstrip("/")

    @field_validator("accel_redirect")
    @classmethod
    def _is_a_location(cls, path: str | None) -> str | None:
        if path is not None and not _LOCATION.fullmatch(path):
            raise ValueError("write a path that begins and ends with a slash, as in /holdfast-files/")
        return path

    @field_validator("trusted_proxies", "metrics_from")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            ip_network(network)
        return networks

    @field_validator("sign_in_rate")
    @classmethod
    def _is_a_rate(cls, rate: str) -> str:
        parse(rate)
        return rate

    @model_validator(mode="after")
    def _has_both_halves(self) -> "WebSettings":
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together")
        return self

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The trusted proxies as networks."""
        return tuple(ip_network(network) for network in self.trusted_proxies)

    @property
    def metrics_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Who may read the metrics, as networks."""
        return tuple(ip_network(network) for network in self.metrics_from)

    @property
    def base_url(self) -> str:
        """What every printed or stored link begins with, without a slash at its end."""
        if self.public_url is not None:
            return self.public_url
        scheme = "https" if self.tls_cert else "http"
        host = "localhost" if self.host in LOOPBACK | {"0.0.0.0", "::"} else self.host  # noqa: S104  compared, not bound
        usual = 443 if self.tls_cert else 80
        return f"{scheme}://{f'[{host}]' if ':' in host else host}{'' if self.port == usual else f':{self.port}'}"

    @property
    def origin(self) -> str:
        """The same without a path, as browsers say where a page is from."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def base_path(self) -> str:
        """What every path of the server begins with: empty, or as in `/interviews`."""
        return urlsplit(self.base_url).path

    @property
    def on_this_machine_only(self) -> bool:
        """Whether nobody else can reach the pages, not through a proxy either."""
        return self.host in LOOPBACK and urlsplit(self.base_url).hostname in LOOPBACK

    @property
    def secure(self) -> bool:
        """Whether people reach the pages over TLS, ours or a proxy's."""
        return self.base_url.startswith("https://")


class NoticeSettings(BaseModel):
    """The `[notice]` section: what the notice of a new job begins with (what candidates are told before the camera opens)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str | None = Field(
        None,
        description="Does nothing any more: versions are made of the text by the program. It is read so that older "
        "settings files still are.",
    )
    controller: str = Field(
        "",
        description="Who is responsible for the recording (GDPR Art. 13): name and address. Empty: the job has to say.",
    )
    contact: str = Field("", description="Whom a candidate can ask about the recording. Empty: the job has to say.")
    purpose: str = Field(
        "",
        description="Why interviews are recorded. Of this one and the next two, what is empty begins with a sentence "
        "of our own in each language; what is not is the same in all of them.",
    )
    recipients: str = Field("", description="Who watches the recording.")
    rights: str = Field("", description="What a candidate can ask for.")
    legal_basis: LegalBasis = Field(
        LegalBasis.CONSENT,
        description="What allows the recording (GDPR Art. 6(1)): `consent`, `legitimate_interest`, or `pre_contract` "
        "(a step before a contract).",
    )


class Settings(BaseSettings):
    """All sections. Make it with :func:`load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix="HOLDFAST_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    data: Path = Field(Path("data"), description="The data folder: database, server key, recordings.")
    database: DatabaseSettings = DatabaseSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    limits: LimitSettings = LimitSettings()
    mail: MailSettings = MailSettings()
    media: MediaSettings = MediaSettings()
    notice: NoticeSettings = NoticeSettings()
    signaling: SignalingSettings = SignalingSettings()
    speech: SpeechSettings = SpeechSettings()
    web: WebSettings = WebSettings()
    webhooks: WebhookSettings = WebhookSettings()
    work: WorkSettings = WorkSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags and the file both come in as keyword arguments; :func:`load_settings` tells them apart."""
        del dotenv_settings, file_secret_settings
        given = dict(init_settings())
        file = given.pop("_file", {})
        return InitSettingsSource(settings_cls, given), env_settings, InitSettingsSource(settings_cls, file)


class SettingsError(Exception):
    """The settings are wrong."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        "One plain line for each thing to put right."


def load_settings(config: Path | None = None, flags: dict[str, Any] | None = None) -> Settings:
    """Read all sources. `flags` has the shape of the file: `{"web": {"port": 8080}}`. Raises SettingsError."""
    file = {} if config is None else _read_file(config)
    try:
        return Settings(**{**(flags or {}), "_file": file})
    except ValidationError as error:
        raise SettingsError([_line(detail) for detail in error.errors(include_input=False)]) from None
    except SourceError as error:
        raise SettingsError([f"The environment has a HOLDFAST_ variable that cannot be read: {error}."]) from None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError([f"The settings file {path} cannot be read: {error.strerror}."]) from None
    except ValueError as error:  # not TOML, or not UTF-8
        raise SettingsError([f"The settings file {path} is not valid TOML: {error}."]) from None


def _line(detail: Any) -> str:
    name = ".".join(str(step) for step in detail["loc"]) or "settings"
    if detail["type"] == "extra_forbidden":
        return f"{name}: there is no such setting; docs/settings.md lists them all."
    message = str(detail["msg"]).removeprefix("Value error, ")
    return f"{name}: {message[:1].lower()}{message[1:].rstrip('.')}."
