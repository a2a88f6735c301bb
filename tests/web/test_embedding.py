"""What a host platform may do: frame the candidate's page, call the API from its own, vouch for its people."""

import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import ClientSession, CookieJar
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from db.clock import SystemClock
from tests.web.conftest import OWNER, Site, bearer
from web.embedding import EmbeddingSettings
from web.host_tokens import BadHostToken, HostTokens
from web.settings import SettingsError, load_settings

HOST = "https://jobs.example.org"
SECRET = "a secret of the host platform's, long enough"


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())  # noqa: TID251  a host platform has a clock of its own
    made = {"iss": "host", "aud": "holdfast", "sub": OWNER, "iat": now, "exp": now + 60} | changes
    return {name: value for name, value in made.items() if value is not None}


def signed(key: Any = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm)


@pytest.fixture
def embedding() -> dict[str, Any]:
    return {
        "frame_ancestors": [HOST],
        "cors_origins": [HOST],
        "jwt_issuer": "host",
        "jwt_secret": SECRET,
    }


async def test_only_the_candidates_page_may_be_framed_and_only_by_the_host(site: Site, http: ClientSession) -> None:
    links = await site.invite()
    for path in (links.candidate_url.partition("/i/")[2], ""):
        async with http.get(f"/i/{path}") as response:
            assert f"frame-ancestors 'self' {HOST}" in response.headers["Content-Security-Policy"]
            assert "X-Frame-Options" not in response.headers
            assert f'data-hosts="{HOST}"' in await response.text()
    for path in ("/hr/sign-in", "/api/openapi.json"):
        async with http.get(path) as response:
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Frame-Options"] == "DENY"


async def test_the_hosts_scripts_may_call_the_api_and_read_refusals(site: Site, http: ClientSession) -> None:
    await site.invite()
    preflight = {"Origin": HOST, "Access-Control-Request-Method": "PATCH"}
    async with http.options("/api/interviews/one/deadline", headers=preflight) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == HOST
        assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in response.headers
    for headers, status in ((bearer(site.owner), 200), ({}, 401)):
        async with http.get("/api/interviews/one", headers=headers | {"Origin": HOST}) as response:
            assert response.status == status
            assert response.headers["Access-Control-Allow-Origin"] == HOST
            assert "Origin" in response.headers["Vary"]


async def test_other_sites_scripts_may_not(site: Site, http: ClientSession) -> None:
    await site.invite()
    other = {"Origin": "https://other.example.org"}
    async with http.options(
        "/api/interviews/one", headers=other | {"Access-Control-Request-Method": "GET"}
    ) as response:
        assert response.status == 405
        assert "Access-Control-Allow-Origin" not in response.headers
    async with http.get("/api/interviews/one", headers=other | bearer(site.owner)) as response:
        assert "Access-Control-Allow-Origin" not in response.headers
    async with http.get("/static/embed/holdfast.js", headers=other) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*", "a script that is the same for everybody"


async def test_a_host_stands_for_its_people_over_the_api(site: Site, http: ClientSession) -> None:
    await site.invite()
    async with http.get("/api/interviews/one", headers=bearer(signed())) as response:
        assert response.status == 200
    narrow = bearer(signed(scope="jobs:read nonsense"))
    async with http.get("/api/interviews/one", headers=narrow) as response:
        assert (response.status, (await response.json())["type"]) == (403, "/problems/insufficient-scope")
    async with http.get("/api/interviews/one", headers=bearer(signed(sub="new@example.org"))) as response:
        assert response.status == 404, "a new user, who is no member of the job"
    async with http.get("/api/tokens", headers=bearer(signed())) as response:
        assert response.status == 403, "what belongs to a person needs a person"


async def test_a_person_comes_from_the_host_once_with_each_token(site: Site) -> None:
    await site.recorded()
    form = {"token": signed(jti="1"), "next": "/hr/interviews/one"}
    cross_site = {"Sec-Fetch-Site": "cross-site", "Origin": HOST}
    async with ClientSession(site.url, cookie_jar=CookieJar(unsafe=True)) as http:
        async with http.post("/hr/enter", data=form, headers=cross_site) as response:
            assert "<h1>Interview Results</h1>" in await response.text()
        async with http.post("/hr/enter", data=form, headers=cross_site) as response:
            assert response.status == 401, "a token that somebody else may have read is good once"
        async with http.post("/hr/enter", data=form | {"token": signed(), "next": "//evil.example"}) as response:
            assert response.url.path == "/hr"
    async with ClientSession(site.url) as http, http.post("/hr/enter", data={"token": "x.y.z"}) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"aud": "something"},
        {"iss": None},
        {"aud": None},
        {"sub": None},
        {"exp": None},
        {"iat": None},
        {"exp": 1},
        {"exp": 2**62},
        {"exp": "soon"},
        {"nbf": 2**40},
        {"iat": 2**40},
        {"sub": "nobody"},
        {"email": 7},
        {"scope": ["jobs:read"]},
    ],
)
def test_a_token_that_does_not_count(changes: dict[str, Any]) -> None:
    tokens = HostTokens(EmbeddingSettings(jwt_issuer="host", jwt_secret=SECRET), SystemClock())
    assert tokens.read(signed()).email == OWNER
    with pytest.raises(BadHostToken):
        tokens.read(jwt.encode(claims(**changes), SECRET, algorithm="HS256"))


def test_a_token_by_another_key_or_none() -> None:
    tokens = HostTokens(EmbeddingSettings(jwt_issuer="host", jwt_secret=SECRET), SystemClock())
    for token in (
        signed("another secret, which is long enough"),
        signed("", "none"),
        signed()[:-4],
        "",
        "a.b.c",
        "." * 9_000,
    ):
        with pytest.raises(BadHostToken):
            tokens.read(token)
    with pytest.raises(BadHostToken):
        HostTokens(EmbeddingSettings(), SystemClock()).read(signed())


def test_a_public_key_of_the_hosts_and_no_confusion_of_algorithms(tmp_path: Path) -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(public)
    tokens = HostTokens(EmbeddingSettings(jwt_issuer="host", jwt_public_key=tmp_path / "key.pem"), SystemClock())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert tokens.read(signed(pem, "EdDSA")).email == OWNER
    with pytest.raises(BadHostToken):
        tokens.read(signed())


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ({"frame_ancestors": ["*"]}, "embedding.frame_ancestors: name each site"),
        ({"frame_ancestors": ["jobs.example.org"]}, "embedding.frame_ancestors: write scheme and host alone"),
        ({"cors_origins": ["https://a.example/"]}, "embedding.cors_origins: write scheme and host alone"),
        ({"jwt_issuer": "host"}, "embedding: jwt_issuer goes together with one of"),
        ({"jwt_secret": SECRET}, "embedding: jwt_issuer goes together with one of"),
        ({"jwt_issuer": "host", "jwt_secret": "short"}, "embedding.jwt_secret: it needs 32 bytes or more"),
    ],
)
def test_wrong_settings_are_told(section: dict[str, Any], line: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(None, {"embedding": section})
    assert error.value.lines[0].startswith(line)


async def test_a_host_marks_its_own_questions(site: Site, http: ClientSession) -> None:
    links = await site.invite("asked", consented=True)
    body = {"candidate": "Jane", "session_id": "free", "questions": []}
    async with http.post(f"/api/jobs/{site.job}/interviews", json=body, headers=bearer(site.owner)) as response:
        free = await response.json()
    mark = {"kind": "question", "question_index": 1}
    for path, token, status in (
        ("asked", links.token, 409),  # its questions are ours
        ("free", free["token"], 409),  # nobody has agreed yet
        ("free", links.token, 404),
    ):
        async with http.post(f"/api/interviews/{path}/marks", json=mark, headers=bearer(token)) as response:
            assert response.status == status
    consent = {"notice_version": await site.notice_version()}
    async with http.post("/api/interviews/free/consent", json=consent, headers=bearer(free["token"])) as response:
        assert response.status == 200
    for kind, take in (("question", None), ("take", 1), ("take_end", 1)):
        told = mark | {"kind": kind, "take": take}
        async with http.post("/api/interviews/free/marks", json=told, headers=bearer(site.owner)) as response:
            assert (response.status, await response.json()) == (202, told)
    async with http.post("/api/interviews/free/marks", json=mark | {"take": 1}, headers=bearer(site.owner)) as response:
        assert response.status == 400
    async with http.get("/api/interviews/free", headers=bearer(site.owner)) as response:
        assert [take["chosen"] for take in (await response.json())["takes"]] == [True]
