"""ICE servers and the settings they come from."""

import pytest
from pydantic import ValidationError

from signaling.protocol.ice_servers import IceServer, IceUrl, ice_servers, read_ice_url, time_limited_credential
from signaling.settings import SignalingSettings

URLS = ("turn:turn.example.org", "stun:stun.example.org", "turns:turn.example.org?transport=tcp")


def test_the_credential_is_what_coturn_computes() -> None:
    # printf '1700000000:john' | openssl dgst -sha1 -hmac north -binary | base64
    assert time_limited_credential("north", "john", 1_700_000_000) == (
        "1700000000:john",
        "5Q7hH4r/+FEx+a5pVJm8u5m9AaM=",
    )


def test_stun_comes_first_and_turn_gets_credentials() -> None:
    stun, turn = ice_servers(URLS, secret="north", name="john", expires_at=1_700_000_000)
    assert stun.as_json() == {"urls": ["stun:stun.example.org"]}
    assert turn.urls == ("turn:turn.example.org", "turns:turn.example.org?transport=tcp")
    assert turn.username == "1700000000:john"
    assert turn.as_json()["credential"] == turn.credential


def test_a_fixed_credential_will_do() -> None:
    servers = ice_servers(URLS[:1], secret=None, name="x", expires_at=1, fixed=("user", "pass"))
    assert servers == [IceServer(("turn:turn.example.org",), "user", "pass")]
    assert ice_servers((), secret=None, name="x", expires_at=1) == []


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("stun:stun.example.org", IceUrl(False, "stun.example.org", 3478, over_tcp=False, is_secure=False)),
        ("stuns:192.0.2.1", IceUrl(False, "192.0.2.1", 5349, over_tcp=True, is_secure=True)),
        ("turn:turn.example.org:80", IceUrl(True, "turn.example.org", 80, over_tcp=False, is_secure=False)),
        ("turn:[2001:db8::1]?transport=tcp", IceUrl(True, "2001:db8::1", 3478, over_tcp=True, is_secure=False)),
        ("turns:t.example.org:443?transport=tcp", IceUrl(True, "t.example.org", 443, over_tcp=True, is_secure=True)),
        ("turns:t.example.org?transport=udp", IceUrl(True, "t.example.org", 5349, over_tcp=False, is_secure=True)),
    ],
)
def test_urls_are_read(url: str, read: IceUrl) -> None:
    assert read_ice_url(url) == read


@pytest.mark.parametrize(
    "url",
    [
        *("", "stun:", "turn.example.org", "http://example.org", "turn://turn.example.org", "turn:a b"),
        *(
            "turn:a:0",
            "turn:a:65536",
            "turn:a:",
            "turn:a?transport=sctp",
            "stun:a?transport=tcp",
            "turn:[::1",
            "turn:a\n",
        ),
    ],
)
def test_what_a_browser_would_refuse_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        read_ice_url(url)


@pytest.mark.parametrize(
    "values",
    [
        {"ice_servers": ["http://example.org"]},
        {"ice_servers": ['stun:a"b']},
        {"ice_servers": ["stun:stun.example.org", "stun:"]},
        {"ice_servers": ["turn:turn.example.org"]},
        {"publish_rate": "often"},
        {"video_codecs": []},
        {"packet_time_ms": 30},
        {"unknown": 1},
    ],
)
def test_settings_that_cannot_work_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SignalingSettings.model_validate(values)


def test_every_setting_is_described() -> None:
    fields = SignalingSettings.model_fields
    assert [name for name, field in fields.items() if not field.description] == []
    SignalingSettings.model_validate({"ice_servers": URLS, "turn_secret": "north"})
