"""The audit in words."""

import json

import pytest

from web.audit_words import EVENTS, actor_said, details_said, event_said


def test_events_and_actors() -> None:
    assert event_said("played") == "Played the recording"
    assert event_said("something_newer") == "Something newer"
    assert len(set(EVENTS.values())) == len(EVENTS)
    assert actor_said("user", "hr@example.org") == "hr@example.org"
    assert actor_said("user", "") == "Somebody"
    assert actor_said("candidate", "one") == "The candidate"
    assert actor_said("operator", "ops") == "The operator, ops"
    assert actor_said("operator", "") == "The operator"
    assert actor_said("system", "") == "The server"
    assert actor_said("robot", "r2") == "r2"


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({}, ""),
        ({"what": "recording"}, "the recording"),
        ({"what": "part", "number": 2, "token": 7}, "part 2, by a program, token 7"),
        ({"by": "link", "as": "browser"}, "with a one-time link"),
        ({"title": True, "retention_days": 30}, "title, retention days 30"),
        ({"sha256": "ab" * 32, "parts": 2}, "SHA-256 abababababab…, parts 2"),
        ({"scopes": None, "made": 3}, "made 3"),
        ({"what": "hologram"}, "hologram"),
    ],
)
def test_details(details: dict[str, object], said: str) -> None:
    assert details_said(json.dumps(details)) == said
