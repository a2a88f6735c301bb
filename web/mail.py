"""Mail, where the settings name a server for it: to a candidate with their code, to HR when somebody asks for deletion.

Nothing is queued here: whoever sends hears whether it was taken, and tries again or says that it was not.
"""

import asyncio
import logging
import smtplib
import ssl
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from db.clock import Clock

logger = logging.getLogger(__name__)

PORTS: Final = {"tls": 465, "starttls": 587, "none": 25}
"Where a mail server listens for each way to speak to it (RFC 8314)."


class MailSettings(BaseModel):
    """The `[mail]` section: the server that takes our mail. Without a host none is sent, and pages say so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field("", description="The mail server (SMTP) that takes what is sent; empty: no mail is sent.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        0, description="Its TCP port; 0 for the usual one: 465 with `tls`, 587 with `starttls`, 25 with `none`."
    )
    security: Literal["tls", "starttls", "none"] = Field(
        "starttls", description="How the connection is protected; `none` for a server on the same machine alone."
    )
    user: str = Field("", description="Whom to sign in as there; empty: nobody.")
    password: SecretStr | None = Field(None, description="The password for that.")
    sender: str = Field("", description="Whom mail is from, as in `Interviews <interviews@example.org>`.")
    timeout_s: Annotated[float, Field(gt=0, le=120)] = Field(
        20.0, description="How long the mail server may take to answer, in seconds."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> "MailSettings":
        if self.host and "@" not in self.sender:
            raise ValueError("sender is needed with a host, as in interviews@example.org")
        if bool(self.user) != (self.password is not None):
            raise ValueError("user and password go together")
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port or PORTS[self.security]


class MailFailed(Exception):  # noqa: N818  it says what happened
    """The message was not taken; the text is a sentence for the operator."""


class Mailer:
    """Sends one message at a time for whoever asks, in a thread: smtplib waits for the network."""

    def __init__(self, settings: MailSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    @property
    def is_configured(self) -> bool:
        """Whether there is a server to send by."""
        return bool(self._settings.host)

    async def send(self, to: str, subject: str, text: str) -> None:
        """Hand a message over to the mail server. Raises MailFailed."""
        await asyncio.to_thread(self._send, to, subject, text)

    def try_connection(self) -> None:
        """Reach the server and sign in, and send nothing. Blocking. Raises MailFailed."""
        try:
            with self._connected() as server:
                server.noop()
        except (OSError, smtplib.SMTPException) as error:
            raise MailFailed(_why(error)) from None

    def _send(self, to: str, subject: str, text: str) -> None:
        if not self.is_configured:
            raise MailFailed("No mail server is set (mail.host)")
        try:
            message = _message(self._settings.sender, to, subject, text)
            message["Date"] = format_datetime(self._clock.utc_now())
            with self._connected() as server:
                server.send_message(message, to_addrs=[to])
        except (OSError, smtplib.SMTPException, MessageError, ValueError) as error:
            raise MailFailed(_why(error)) from None

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        host, port = settings.address
        server: smtplib.SMTP
        if settings.security == "tls":
            context = ssl.create_default_context()
            server = smtplib.SMTP_SSL(host, port, timeout=settings.timeout_s, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=settings.timeout_s)
        try:
            if settings.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.password is not None:
                server.login(settings.user, settings.password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server


def _message(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    """One that filters and automatic replies leave alone (RFC 3834). ValueError: an address holds a line break."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip("> "))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (smtplib.SMTPAuthenticationError, "The mail server does not take user and password"),
    (smtplib.SMTPRecipientsRefused, "The mail server does not take mail for this address"),
    (smtplib.SMTPNotSupportedError, "The mail server offers no STARTTLS or no sign-in"),
    (smtplib.SMTPResponseException, "The mail server refused"),
    (ssl.SSLError, "The mail server's certificate or TLS does not do"),
    (TimeoutError, "The mail server did not answer in time"),
    (ValueError, "The message cannot be written: an address is no address"),
    (MessageError, "The message cannot be written: an address is no address"),
)
"The first that fits counts."


def _why(error: Exception) -> str:
    """What was wrong, without what the server says: that may hold an address."""
    reason = next((said for kind, said in _REASONS if isinstance(error, kind)), "The mail server cannot be reached")
    code = getattr(error, "smtp_code", None)
    return reason if code is None else f"{reason} (SMTP {code})"
