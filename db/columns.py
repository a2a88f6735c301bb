"""Column types that the models share."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import DateTime, Dialect, Enum
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Naive datetimes are refused with ValueError, any zone is stored as UTC, UTC comes back."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  given by SQLAlchemy
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone is not a moment; hand in an aware one")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  given by SQLAlchemy
        return None if value is None else value.replace(tzinfo=UTC)


def words(kind: type[StrEnum]) -> Enum:
    """Store an enumeration as its values; a value that it lacks is refused on the way in and on the way out.

    There is no CHECK in the database: a new word then needs no rebuilt table.
    """
    return Enum(
        kind, native_enum=False, length=32, values_callable=lambda members: [member.value for member in members]
    )
