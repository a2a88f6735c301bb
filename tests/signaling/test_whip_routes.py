"""Every clause of WHIP (RFC 9725) that facts.md lists, over real HTTP."""

from collections.abc import AsyncIterator

import pytest

from db.states import InterviewEvent, InterviewState
from media_server.recording.events import EndReason
from signaling.aio.admission import Load
from tests.fakes.publisher import OfferRefused
from tests.signaling.conftest import OpenSite, Site, bearer
from tests.signaling.offers import captured, offer, picture, sound

PWD = "exampleexampleexample0000"
FRAGMENT = (
    f"a=ice-ufrag:exam\r\na=ice-pwd:{PWD}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
    "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n"
)
RESTART = FRAGMENT.replace("exam\r", "next\r")


@pytest.fixture(autouse=True)
async def one(site: Site) -> None:
    await site.house.interview("one")


# --- POST -----------------------------------------------------------------------------


async def test_a_post_begins_a_session(site: Site) -> None:
    response = await site.post(User_Agent="Test/2", Holdfast_Client="page-0001")
    assert response.status == 201
    assert response.content_type == "application/sdp"
    location = response.headers["Location"]
    assert location.startswith("/whip/one/")
    assert len(location.rsplit("/", 1)[1]) >= 22  # 128 bits at least: unguessable
    assert response.headers["ETag"].startswith('"')  # strong
    answer = await response.text()
    assert answer.startswith("v=0\r\n")
    assert "b=TIAS:250000" in answer
    assert "maxaveragebitrate=32000" in answer


async def test_ice_servers_are_told_in_the_201_alone(site: Site) -> None:
    response = await site.post()
    [link] = response.headers.getall("Link")
    assert link.startswith('<turn:turn.example.org>; rel="ice-server"; username="1700000000:one"; credential="')
    assert link.endswith('credential-type="password"')
    preflight = await site.client.options("/whip/one")
    assert "Link" not in preflight.headers
    assert "Link" not in (await site.client.get("/whip/one", headers=bearer())).headers


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer bad", "Basic good-one"])
async def test_without_a_token_nothing_but_the_preflight_is_answered(site: Site, authorization: str) -> None:
    location = (await site.post()).headers["Location"]
    headers = {"Authorization": authorization} if authorization else {}
    for method, url in (
        ("POST", "/whip/one"),
        ("GET", "/whip/one"),
        ("GET", location),
        ("PATCH", location),
        ("DELETE", location),
    ):
        response = await site.client.request(method, url, headers=headers)
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert (await response.json())["type"] == "/problems/unauthorised"
    assert site.house.publishers.last.ended is None


async def test_someone_elses_interview_is_not_found(site: Site) -> None:
    await site.house.interview("two")
    for session_id in ("two", "none"):
        response = await site.client.post(
            f"/whip/{session_id}", data="x", headers=bearer("one") | {"Content-Type": "application/sdp"}
        )
        assert response.status == 404
        assert (await response.json())["type"] == "/problems/not-found"


async def test_before_consent_403(site: Site) -> None:
    await site.house.interview("shy", consented=False)
    response = await site.post("shy")
    assert (response.status, (await response.json())["type"]) == (403, "/problems/consent-missing")


async def test_after_the_end_409(site: Site) -> None:
    await site.house.happens("one", InterviewEvent.WITHDRAW)
    response = await site.post()
    assert (response.status, (await response.json())["type"]) == (409, "/problems/finished")


async def test_a_superseded_page_409(site: Site) -> None:
    assert (await site.post(Holdfast_Client="page-0001")).status == 201
    assert (await site.post(Holdfast_Client="page-0002")).status == 201
    response = await site.post(Holdfast_Client="page-0001")
    assert (response.status, (await response.json())["type"]) == (409, "/problems/superseded")
    assert (await site.post(Holdfast_Client="page-0003")).status == 201


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ("nonsense", 400, "malformed"),
        (b"\xff\xfe\xfd", 400, "malformed"),
        (offer(sound(), picture("1"), picture("2")), 422, "unacceptable-offer"),
        (offer(sound("0"), sound("1")), 422, "unacceptable-offer"),
        (offer(sound(), picture(codec="H264/90000")), 422, "unacceptable-offer"),
        (offer(sound(), picture(), group=None), 422, "unacceptable-offer"),
        (offer(sound().replace("a=rtcp-mux\r\n", ""), group=None), 422, "unacceptable-offer"),
        (offer(sound(direction="recvonly"), group=None), 422, "unacceptable-offer"),
        (b"v=0\r\n" + b"a=x\r\n" * 20_000, 413, "too-large"),
    ],
)
async def test_an_offer_that_cannot_be_taken(site: Site, body: str | bytes, status: int, problem: str) -> None:
    response = await site.post(body=body)
    document = await response.json()
    assert (response.status, response.content_type) == (status, "application/problem+json")
    assert (document["type"], document["status"]) == (f"/problems/{problem}", status)
    assert document["title"]
    assert document["detail"]
    assert site.house.publishers.made == []


async def test_what_works_is_named(site: Site) -> None:
    response = await site.post(body=offer(sound(), picture(codec="AV1/90000")))
    assert "VP9 (profile 0) or VP8" in (await response.json())["detail"]


async def test_a_body_without_a_length_is_bounded_too(site: Site) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"a=x\r\n" * 1_000

    response = await site.client.post(
        "/whip/one", data=chunks(), headers=bearer() | {"Content-Type": "application/sdp"}
    )
    assert response.status == 413


async def test_another_content_type_415(site: Site) -> None:
    response = await site.post(Content_Type="text/plain")
    assert response.status == 415
    assert response.headers["Accept-Post"] == "application/sdp"


async def test_a_client_id_that_is_none_400(site: Site) -> None:
    assert (await site.post(Holdfast_Client="a b")).status == 400


async def test_an_offer_the_stack_refuses_422(site: Site) -> None:
    site.house.publishers.refuse_next = OfferRefused("internal words")
    response = await site.post()
    assert response.status == 422
    assert "internal words" not in await response.text()


async def test_over_capacity_503(open_site: OpenSite) -> None:
    site = await open_site(max_live_interviews=1)
    await site.house.interview("two")
    assert (await site.post("one")).status == 201
    response = await site.post("two")
    assert (response.status, response.headers["Retry-After"]) == (503, "10")


async def test_too_often_429(open_site: OpenSite) -> None:
    site = await open_site(publish_rate="2/minute")
    await site.house.interview("two")
    assert [(await site.post()).status for _ in range(3)] == [201, 201, 429]
    response = await site.post()
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert (await site.post("two")).status == 201  # each has its own count


async def test_a_full_disk_507(site: Site) -> None:
    site.house.load = Load(has_room=False)
    response = await site.post()
    assert (response.status, (await response.json())["type"]) == (507, "/problems/disk-full")


async def test_a_session_id_of_any_letters_makes_a_url(site: Site) -> None:
    await site.house.interview("é-1 2")
    response = await site.client.post(
        "/whip/%C3%A9-1%202",
        data=captured("firefox"),
        headers={"Authorization": "Bearer good-é-1 2", "Content-Type": "application/sdp"},
    )
    assert response.status == 201
    assert response.headers["Location"].startswith("/whip/%C3%A9-1%202/")


# --- OPTIONS, GET, HEAD ------------------------------------------------------------------


async def test_the_preflight_needs_no_token(site: Site) -> None:
    location = (await site.post()).headers["Location"]
    for url in ("/whip/one", location):
        response = await site.client.options(url, headers={"Origin": "https://example.org"})
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["Accept-Post"] == "application/sdp"
        allowed = response.headers["Access-Control-Allow-Headers"]
        assert {"Authorization", "Content-Type", "If-Match", "Holdfast-Client"} <= set(allowed.split(", "))
        assert {"POST", "PATCH", "DELETE"} <= set(response.headers["Access-Control-Allow-Methods"].split(", "))


async def test_other_origins_may_read_answers_and_refusals(site: Site) -> None:
    good, bad = await site.post(), await site.post(body="nonsense")
    for response in (good, bad):
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert {"Location", "ETag", "Link"} <= set(response.headers["Access-Control-Expose-Headers"].split(", "))


async def test_get_and_head_succeed_without_content(site: Site) -> None:
    location = (await site.post()).headers["Location"]
    for url in ("/whip/one", location):
        for method in ("GET", "HEAD"):
            response = await site.client.request(method, url, headers=bearer())
            assert (response.status, await response.read()) == (204, b"")
    assert (await site.client.get("/whip/one/unknown", headers=bearer())).status == 404


async def test_other_methods_405(site: Site) -> None:
    response = await site.client.put("/whip/one", headers=bearer())
    assert response.status == 405
    assert "POST" in response.headers["Allow"]


# --- PATCH ---------------------------------------------------------------------------------


async def test_trickled_candidates_204(site: Site) -> None:
    session = await site.post()
    response = await site.patch(session.headers["Location"], FRAGMENT, If_Match=session.headers["ETag"])
    assert (response.status, await response.read()) == (204, b"")
    assert site.house.publishers.last.ice_candidates == [("0", "1 1 udp 1 192.0.2.1 5000 typ host")]


@pytest.mark.parametrize(
    ("if_match", "body", "status", "problem"),
    [
        (None, FRAGMENT, 428, "precondition-required"),
        ('"other"', FRAGMENT, 412, "precondition-failed"),
        ("ETAG", RESTART, 422, "ice-restart-unsupported"),
        ("*", RESTART, 422, "ice-restart-unsupported"),
        ("ETAG", "nonsense", 400, "malformed"),
        ("ETAG", "a=x:" + "x" * 70_000, 413, "too-large"),
    ],
)
async def test_a_patch_that_cannot_be_taken_leaves_the_session_alone(
    site: Site, if_match: str | None, body: str, status: int, problem: str
) -> None:
    session = await site.post()
    headers = {} if if_match is None else {"If_Match": if_match.replace("ETAG", session.headers["ETag"])}
    response = await site.patch(session.headers["Location"], body, **headers)
    assert (response.status, (await response.json())["type"]) == (status, f"/problems/{problem}")
    assert site.house.publishers.last.ended is None
    assert site.house.publishers.last.ice_candidates == []
    good = await site.patch(session.headers["Location"], FRAGMENT, If_Match=session.headers["ETag"])
    assert good.status == 204


async def test_a_patch_of_another_content_type_415(site: Site) -> None:
    session = await site.post()
    response = await site.patch(session.headers["Location"], FRAGMENT, Content_Type="application/sdp")
    assert response.status == 415
    assert response.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"


async def test_a_patch_of_an_unknown_or_ended_session_404(site: Site) -> None:
    session = await site.post()
    assert (await site.patch("/whip/one/unknown", FRAGMENT, If_Match="*")).status == 404
    await site.client.delete(session.headers["Location"], headers=bearer())
    response = await site.patch(session.headers["Location"], FRAGMENT, If_Match=session.headers["ETag"])
    assert response.status == 404


async def test_patching_too_often_429(open_site: OpenSite) -> None:
    site = await open_site(trickle_rate="2/minute")
    session = await site.post()
    statuses = [
        (await site.patch(session.headers["Location"], FRAGMENT, If_Match=session.headers["ETag"])).status
        for _ in range(3)
    ]
    assert statuses == [204, 204, 429]


# --- DELETE ----------------------------------------------------------------------------------


async def test_a_delete_closes_the_part_and_finishes_nothing(site: Site) -> None:
    session = await site.post()
    await site.house.publishers.last.media_arrives()
    response = await site.client.delete(session.headers["Location"], headers=bearer() | {"If-Match": '"whatever"'})
    assert response.status == 200
    assert site.house.publishers.last.ended is EndReason.CLOSED_BY_PAGE
    assert (await site.house.row()).state is InterviewState.INTERRUPTED
    again = await site.client.delete(session.headers["Location"], headers=bearer())
    assert again.status == 200


async def test_a_delete_of_a_superseded_session_changes_nothing(site: Site) -> None:
    old = await site.post(Holdfast_Client="page-0001")
    await site.post(Holdfast_Client="page-0002")
    assert (await site.client.delete(old.headers["Location"], headers=bearer())).status == 200
    assert site.house.publishers.last.ended is None


async def test_a_delete_of_an_unknown_session_404(site: Site) -> None:
    assert (await site.client.delete("/whip/one/unknown", headers=bearer())).status == 404
