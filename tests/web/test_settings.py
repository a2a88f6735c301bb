"""Where a setting comes from, and what a wrong one says."""

from pathlib import Path
from typing import Any

import pytest

from web.settings import SettingsError, load_settings


def test_flags_win_over_environment_over_file_over_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "holdfast.toml"
    file.write_text('[web]\nport = 7001\nhost = "192.0.2.1"\nlogin_days = 3\n[media]\nvideo_bps = 300000\n')
    monkeypatch.setenv("HOLDFAST_WEB__PORT", "7002")
    monkeypatch.setenv("HOLDFAST_WEB__HOST", "192.0.2.2")
    monkeypatch.setenv("HOLDFAST_MEDIA__PUBLIC_ADDRESS", "198.51.100.7")

    settings = load_settings(file, {"web": {"port": 7003}})

    assert settings.web.port == 7003
    assert settings.web.host == "192.0.2.2"
    assert settings.web.login_days == 3
    assert settings.media.video_bps == 300_000
    assert settings.media.public_address == "198.51.100.7"
    assert settings.media.audio_bps == 64_000


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        ({"web": {"port": "many"}}, "web.port: input should be a valid integer"),
        ({"web": {"tls_cert": "a.pem"}}, "web: tls_cert and tls_key go together."),
        ({"web": {"public_url": "ftp://example.org"}}, "web.public_url: write scheme, host and perhaps a path"),
        ({"web": {"public_url": "https://example.org/a b"}}, "web.public_url: its path may hold"),
        ({"web": {"trusted_proxies": ["nowhere"]}}, "web.trusted_proxies: 'nowhere'"),
        ({"web": {"sign_in_rate": "often"}}, "web.sign_in_rate: "),
        ({"web": {"colour": "red"}}, "web.colour: there is no such setting"),
        ({"media": {"udp_ports": "5-4"}}, "media.udp_ports: ports lie between 1024 and 65535"),
        ({"nothing": 1}, "nothing: there is no such setting"),
    ],
)
def test_a_wrong_setting_is_one_plain_line(flags: dict[str, Any], line: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(None, flags)
    assert len(error.value.lines) == 1
    assert error.value.lines[0].startswith(line)
    assert "\n" not in error.value.lines[0]


@pytest.mark.parametrize("content", [b"[web", b"\xff\xfe", b"web = 1\n"])
def test_a_file_that_cannot_be_read_is_one_plain_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "holdfast.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError) as error:
        load_settings(file)
    assert len(error.value.lines) == 1


def test_a_file_that_is_not_there_is_one_plain_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load_settings(tmp_path / "none.toml")


def test_an_environment_that_cannot_be_read_is_one_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_WEB__TRUSTED_PROXIES", "127.0.0.1")
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert len(error.value.lines) == 1


def test_secrets_are_not_shown() -> None:
    settings = load_settings(
        None, {"signaling": {"turn_secret": "never-show-this", "ice_servers": ["turn:example.org"]}}
    )
    assert "never-show-this" not in repr(settings)


@pytest.mark.parametrize(
    ("web", "url"),
    [
        ({}, "http://localhost:8080"),
        ({"port": 80}, "http://localhost"),
        ({"host": "192.0.2.1"}, "http://192.0.2.1:8080"),
        ({"host": "2001:db8::1"}, "http://[2001:db8::1]:8080"),
        ({"host": "0.0.0.0", "tls_cert": "c", "tls_key": "k", "port": 443}, "https://localhost"),
        ({"public_url": "https://interviews.example.org/"}, "https://interviews.example.org"),
    ],
)
def test_links_begin_with_the_public_url(web: dict[str, Any], url: str) -> None:
    assert load_settings(None, {"web": web}).web.base_url == url


@pytest.mark.parametrize(
    ("web", "alone"),
    [
        ({}, True),
        ({"public_url": "http://localhost:9000"}, True),
        ({"public_url": "https://interviews.example.org"}, False),
        ({"host": "0.0.0.0"}, False),
    ],
)
def test_behind_a_proxy_on_loopback_others_reach_us(web: dict[str, Any], alone: bool) -> None:
    assert load_settings(None, {"web": web}).web.on_this_machine_only is alone
