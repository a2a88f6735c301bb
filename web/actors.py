"""Who the audit says did it."""

from aiohttp import web as aioweb

from db.audit import SYSTEM, Actor, ActorKind
from web.auth import Asker, CandidateAsker, HrAsker
from web.gate import ADMITTED


def actor_of(request: aioweb.Request) -> Actor:
    """Whoever the gate let in; where it asks nobody, nobody in particular."""
    admitted = request.get(ADMITTED)
    return SYSTEM if admitted is None else actor_for(admitted.asker)


def actor_for(asker: Asker) -> Actor:
    """Somebody of HR by their e-mail, a candidate by their interview: the audit does not know their name."""
    match asker:
        case HrAsker(email=email):
            return Actor(ActorKind.USER, email)
        case CandidateAsker(session_id):
            return Actor(ActorKind.CANDIDATE, session_id)
