"""Whom the audit names."""

from aiohttp.test_utils import make_mocked_request

from db.audit import SYSTEM, Actor, ActorKind
from web.actors import actor_of
from web.auth import CandidateAsker, HrAsker
from web.gate import ADMITTED, Admitted


def test_who_did_it() -> None:
    request = make_mocked_request("GET", "/")
    assert actor_of(request) == SYSTEM
    request[ADMITTED] = Admitted(HrAsker(1, "hr@example.org"), None)
    assert actor_of(request) == Actor(ActorKind.USER, "hr@example.org")
    request[ADMITTED] = Admitted(CandidateAsker("one"), None)
    assert actor_of(request) == Actor(ActorKind.CANDIDATE, "one")
