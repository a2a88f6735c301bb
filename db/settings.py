"""The `[database]` section of the settings."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class DatabaseSettings(BaseModel):
    """How patient and how wide the connection to SQLite is. What protects the data is no setting."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    busy_timeout_s: Annotated[float, Field(ge=0, le=60)] = Field(
        5.0, description="How long a writer waits, in seconds, while another process holds SQLite's write lock."
    )
    readers: Annotated[int, Field(ge=1, le=64)] = Field(
        4, description="How many connections read at once; a request beyond that waits. There is always one writer."
    )
