"""Mail goes to a real server; what it does not take is told in a sentence, without addresses."""

import pytest

from db.clock import SystemClock
from tests.fakes.mail_server import PASSWORD, MailServer, mail_server, text_of
from web.doctor.finding import Level
from web.doctor.mail import examine_mail
from web.mail import Mailer, MailFailed, MailSettings
from web.settings import SettingsError, load_settings

SENDER = "Interviews <interviews@example.org>"


def settings_for(server: MailServer, **more: object) -> MailSettings:
    return MailSettings.model_validate(
        {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": SENDER, **more}
    )


async def test_a_message_arrives_as_it_was_written() -> None:
    with mail_server() as server:
        await Mailer(settings_for(server), SystemClock()).send("jorg@example.org", "Grüße", "Größe: 5\n")
    (message,) = server.messages
    assert (message["From"], message["To"], message["Subject"]) == (SENDER, "jorg@example.org", "Grüße")
    assert text_of(message) == "Größe: 5\n"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@example.org>")
    assert message["Date"]


async def test_it_signs_in_where_that_is_asked() -> None:
    with mail_server(asks_who=True) as server:
        await Mailer(settings_for(server, user="us", password=PASSWORD), SystemClock()).send("a@example.org", "s", "t")
        assert len(server.messages) == 1
        with pytest.raises(MailFailed, match="user and password"):
            await Mailer(settings_for(server, user="us", password="wrong"), SystemClock()).send(
                "a@example.org", "s", "t"
            )
    assert len(server.messages) == 1


async def test_what_is_refused_is_told_without_the_address() -> None:
    with mail_server() as server:
        server.refuses = True
        with pytest.raises(MailFailed) as failed:
            await Mailer(settings_for(server), SystemClock()).send("secret@example.org", "s", "t")
    assert str(failed.value) == "The mail server refused (SMTP 451)"


async def test_no_server_and_no_protection() -> None:
    with mail_server() as server:
        with pytest.raises(MailFailed, match="STARTTLS"):
            await Mailer(settings_for(server, security="starttls"), SystemClock()).send("a@example.org", "s", "t")
        settings = settings_for(server)
    with pytest.raises(MailFailed, match="cannot be reached"):
        await Mailer(settings, SystemClock()).send("a@example.org", "s", "t")
    with pytest.raises(MailFailed, match="No mail server is set"):
        await Mailer(MailSettings(), SystemClock()).send("a@example.org", "s", "t")


@pytest.mark.parametrize("address", ["a@example.org\nBcc: b@example.org", "a\r\n@example.org"])
async def test_an_address_brings_no_header_of_its_own(address: str) -> None:
    with mail_server() as server:
        with pytest.raises(MailFailed, match="no address"):
            await Mailer(settings_for(server), SystemClock()).send(address, "s", "t")
        assert server.messages == []


def test_settings_that_are_half_there_are_refused() -> None:
    for half in ({"host": "mail.example.org"}, {"user": "us"}, {"password": "x"}):
        with pytest.raises(SettingsError):
            load_settings(None, {"mail": half})
    assert MailSettings(host="h", sender="a@b").address == ("h", 587)
    assert MailSettings(host="h", sender="a@b", security="tls").address == ("h", 465)
    assert not Mailer(MailSettings(), SystemClock()).is_configured


async def test_the_doctor_tries_the_server_and_sends_nothing() -> None:
    with mail_server() as server:
        settings = settings_for(server)
        assert (await examine_mail(settings, SystemClock())).level is Level.OK
        assert server.messages == []
    finding = await examine_mail(settings, SystemClock())
    assert finding.level is Level.WARN
    assert finding.remedy
    none = await examine_mail(MailSettings(), SystemClock())
    assert (none.level, none.remedy) == (Level.OK, "")
    assert "no mail server" in none.said
