"""Every URL (docs/protocol.md)."""

from aiohttp import web as aioweb

from signaling.aio.control_socket import control_routes
from signaling.aio.whip_routes import whip_routes
from web import views
from web.api import accommodations, interviews, operators, recordings, sounds
from web.pages import candidate, hr
from web.services import Services


def routes(services: Services) -> list[aioweb.AbstractRouteDef]:
    """All but the static files."""
    settings = services.settings.signaling
    return [
        *_pages(),
        *_api(),
        *_sounds(),
        *control_routes(
            services.live_interviews,
            check_token=services.auth.check_candidate,
            settings=settings,
            clock=services.clock,
        ),
        *whip_routes(
            services.live_interviews,
            authorise=services.auth.publisher,
            ice_servers=lambda session_id: views.servers_for(settings, session_id, services.clock.utc_now()),
            settings=settings,
            clock=services.clock,
        ),
    ]


def _pages() -> list[aioweb.AbstractRouteDef]:
    return [
        aioweb.get("/", hr.home),
        aioweb.get("/i/", candidate.room_again),
        aioweb.get("/i/{token}", candidate.room),
        aioweb.get("/check", candidate.check),
        aioweb.get("/hr", hr.list_interviews),
        aioweb.get("/hr/interviews/{session_id}", hr.results),
        aioweb.get("/hr/sign-in", hr.show_sign_in),
        aioweb.post("/hr/sign-in", hr.sign_in),
        # A HEAD, which link previews send, must not use the link up.
        aioweb.get("/hr/sign-in/{token}", hr.use_link, allow_head=False),
        aioweb.post("/hr/sign-out", hr.sign_out),
    ]


def _api() -> list[aioweb.AbstractRouteDef]:
    interview = "/api/interviews/{session_id}"
    return [
        aioweb.get(interview, interviews.get_interview),
        aioweb.post(f"{interview}/consent", interviews.give_consent),
        aioweb.post(f"{interview}/finish", interviews.finish),
        aioweb.get(f"{interview}/parts/{{number}}", recordings.get_part),
        aioweb.get(f"{interview}/video/download", recordings.download),
        aioweb.get(f"{interview}/chapters.vtt", recordings.chapters),
        aioweb.patch(f"{interview}/accommodations", accommodations.grant),
        aioweb.get("/healthz", operators.healthz),
        aioweb.get("/readyz", operators.readyz),
        aioweb.get("/metrics", operators.metrics),
    ]


def _sounds() -> list[aioweb.AbstractRouteDef]:
    question = "/api/interviews/{session_id}/questions/{index}/sound"
    return [
        aioweb.get(question, sounds.get_question_sound),
        aioweb.put(question, sounds.put_question_sound),
        aioweb.get("/api/interviews/{session_id}/answers/{index}/sound", sounds.get_answer_sound),
    ]
