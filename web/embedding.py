"""The `[embedding]` section of the settings: what a host platform may do with our pages, our API, and for its people."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

LEAST_SECRET_BYTES = 32
"RFC 7518 section 3.2: a key for HS256 is as long as its hash, or longer."


class EmbeddingSettings(BaseModel):
    """Which sites may show the candidate's page, call the API from their own, and vouch for people of HR."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frame_ancestors: tuple[str, ...] = Field(
        (),
        description="Sites that may show the candidate's page in an iframe, as in `https://jobs.example.org`; they are "
        "told what happens in it. Empty: none may.",
    )
    cors_origins: tuple[str, ...] = Field(
        (),
        description="Sites whose scripts may call the API with a token, as in `https://jobs.example.org`; `*` for all.",
    )
    jwt_issuer: str | None = Field(
        None, description="`iss` of the tokens (JWT) with which a host platform vouches for its people of HR."
    )
    jwt_audience: str = Field("holdfast", description="`aud` of these tokens.")
    jwt_secret: SecretStr | None = Field(
        None, description="Their key where they are signed with HS256, shared with the host platform; 32 bytes or more."
    )
    jwt_public_key: Path | None = Field(
        None, description="The host platform's public key (PEM) where they are signed with RS256, ES256 or EdDSA."
    )
    jwt_lasts_s: Annotated[int, Field(ge=10, le=86_400)] = Field(
        3_600, description="The longest time, in seconds, for which such a token may be made out."
    )
    jwt_adds_users: bool = Field(
        True,
        description="Whether somebody whom we do not know yet becomes a user when the host platform vouches for them.",
    )

    @field_validator("frame_ancestors", "cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            parts = urlsplit(origin)
            is_origin = (
                parts.scheme in {"http", "https"} and parts.hostname and origin == f"{parts.scheme}://{parts.netloc}"
            )
            if not is_origin and origin != "*":
                raise ValueError("write scheme and host alone, as in https://jobs.example.org")
        return origins

    @field_validator("frame_ancestors")
    @classmethod
    def _names_each(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in origins:
            raise ValueError("name each site; a page that anybody may frame can be made to look like anything")
        return origins

    @field_validator("jwt_secret")
    @classmethod
    def _is_long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value().encode()) < LEAST_SECRET_BYTES:
            raise ValueError(f"it needs {LEAST_SECRET_BYTES} bytes or more")
        return secret

    @model_validator(mode="after")
    def _is_whole(self) -> "EmbeddingSettings":
        keys = (self.jwt_secret is not None) + (self.jwt_public_key is not None)
        if keys != (self.jwt_issuer is not None):
            raise ValueError("jwt_issuer goes together with one of jwt_secret and jwt_public_key")
        return self
