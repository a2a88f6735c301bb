"""What candidates are told: every word makes the version, nothing is open when somebody is invited, HR can read it again."""

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import db.notices
from db import interviews, jobs, people
from db.errors import Missing, NotFound
from db.models import Job, LegalBasis
from tests.web.conftest import NOW, OWNER, Site, bearer
from web.languages import LANGUAGES
from web.notices import build, current, filled_in, first_words, lacking_sentence, missing, said_anew
from web.settings import NoticeSettings

SETTINGS = NoticeSettings()
Call = Callable[..., Awaitable[dict[str, Any]]]


def a_job(**changed: Any) -> Job:
    words = {"notice_controller": "Example Ltd", "notice_contact": "privacy@example.org", "retention_days": 90}
    words |= {"notice_legal_basis": LegalBasis.CONSENT, "answers_only": False}
    words |= {"notice_texts": first_words(SETTINGS)["notice_texts"]}
    return Job(title="Nurse", created_at=datetime(2026, 11, 25, tzinfo=UTC), **{**words, **changed})


@pytest.fixture
def call(site: Site, http: ClientSession) -> Call:
    async def ask(method: str, path: str, body: object = None, *, token: str = "", status: int = 200) -> dict[str, Any]:
        headers = bearer(token or site.owner)
        async with http.request(method, f"/api{path}", json=body, headers=headers) as response:
            assert response.status == status, await response.text()
            told: dict[str, Any] = await response.json()
            return told

    return ask


# --- the text ------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_has_to_be_told_is_on_the_screen(language: str) -> None:
    notice = build(a_job(), SETTINGS, language)
    screen = " ".join(f"{passage.title} {passage.text}" for passage in notice.passages)
    for said in ("Example Ltd", "privacy@example.org", "90", notice.purpose, notice.recipients, notice.rights):
        assert said in screen
    assert "{" not in screen


def test_the_basis_is_told_in_plain_words_and_the_tick_claims_no_consent_that_is_not_asked_for() -> None:
    told = {basis: build(a_job(notice_legal_basis=basis), SETTINGS) for basis in LegalBasis}
    assert len({notice.passages[2].text for notice in told.values()}) == len(LegalBasis)
    agrees = {basis for basis, notice in told.items() if "agree" in notice.acknowledgement}
    assert agrees == {LegalBasis.CONSENT}


@pytest.mark.parametrize(
    "changed",
    [
        {"notice_controller": "Example SE"},
        {"notice_contact": "dpo@example.org"},
        {"retention_days": 365},
        {"notice_legal_basis": LegalBasis.PRE_CONTRACT},
        {"answers_only": True},
        {"notice_texts": said_anew(first_words(SETTINGS)["notice_texts"], {"purpose": "Because."}, {})},
    ],
)
def test_another_word_is_another_version_in_every_language(changed: dict[str, Any]) -> None:
    assert not current(a_job(), SETTINGS).keys() & current(a_job(**changed), SETTINGS).keys()


def test_a_word_in_one_language_is_another_version_there_alone() -> None:
    texts = said_anew(first_words(SETTINGS)["notice_texts"], {}, {"de": {"rights": "Alle."}})
    before, after = current(a_job(), SETTINGS), current(a_job(notice_texts=texts), SETTINGS)
    assert [notice.language for version, notice in after.items() if version not in before] == ["de"]


def test_what_no_candidate_reads_makes_no_version() -> None:
    other = a_job(help_contact="0123", deadline_days=3, notice_unread=True)
    assert current(a_job(), SETTINGS).keys() == current(other, SETTINGS).keys()


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_words_are_shown_as_they_are(purpose: str, controller: str) -> None:
    texts = said_anew({}, {"purpose": purpose, "recipients": "r", "rights": "r"}, {})
    notice = build(a_job(notice_texts=texts, notice_controller=controller), SETTINGS)
    assert len(notice.version) <= 64
    assert notice.passages[1].text == (purpose or build(a_job(), SETTINGS).purpose)
    assert controller in notice.passages[-1].text


def test_an_older_job_that_says_nothing_still_tells_its_candidates_something() -> None:
    settings = NoticeSettings(controller="Example Ltd", purpose="To decide.")
    notice = build(a_job(notice_controller="", notice_contact="", notice_texts={}), settings)
    assert (notice.controller, notice.purpose) == ("Example Ltd", "To decide.")
    assert notice.contact == "whoever sent you this link"
    assert notice.rights


# --- what is missing --------------------------------------------------------------


def test_what_is_missing_is_named() -> None:
    assert missing(a_job()) == ()
    lacking = missing(a_job(notice_controller="", notice_texts=said_anew({}, {"purpose": "P", "recipients": "R"}, {})))
    assert lacking == (Missing("controller"), Missing("rights", "en"), Missing("rights", "de"))
    said = "who is responsible, what candidates can ask for (English), and what candidates can ask for (Deutsch)"
    assert lacking_sentence(lacking) == said
    assert lacking_sentence(()) == ""


def test_what_is_there_stays_when_the_rest_is_filled_in() -> None:
    job = a_job(notice_controller="", notice_texts={"de": {"purpose": "Darum."}})
    words = first_words(SETTINGS, controller="hr@example.org", contact="hr@example.org")
    for name, value in filled_in(job, words).items():
        setattr(job, name, value)
    assert missing(job) == ()
    assert (job.notice_controller, job.notice_contact) == ("hr@example.org", "privacy@example.org")
    assert job.notice_texts["de"]["purpose"] == "Darum."
    assert job.notice_texts["en"]["purpose"].startswith("So that")


# --- what is kept -------------------------------------------------------------------


async def test_a_kept_version_never_changes(site: Site) -> None:
    async with site.services.database.writing() as db_session:
        job = await people.get_job(db_session, site.job)
        kept = await db.notices.keep(db_session, job.id, build(job, SETTINGS).kept, NOW)
        again = await db.notices.keep(db_session, job.id, build(job, SETTINGS).kept, NOW)
        assert (kept.id, kept.number) == (again.id, 1)
    with pytest.raises(DBAPIError, match="a notice never changes"):
        async with site.services.database.writing() as db_session:
            await db_session.execute(text("UPDATE notices SET version = 'en-1'"))
    async with site.services.database.reading() as db_session:
        assert (await db.notices.get(db_session, site.job, kept.version)).version == kept.version
        with pytest.raises(NotFound):
            await db.notices.get(db_session, site.job, "en-1")


async def test_saving_other_words_makes_a_version_and_the_older_one_keeps_its_candidates(
    site: Site, call: Call
) -> None:
    links = await site.invite()
    first = (await call("GET", "/interviews/one", token=links.token))["notice"]
    await call("POST", "/interviews/one/consent", {"notice_version": first["version"]}, token=links.token)
    await call("PATCH", f"/jobs/{site.job}", {"notice_texts": {"en": {"purpose": "To decide."}}})
    await call("PATCH", f"/jobs/{site.job}", {"help_contact": "0123"})  # nothing that a candidate reads there
    async with site.services.database.reading() as db_session:
        kept = await db.notices.of_job(db_session, site.job)
    english = [each for each in kept if each.notice.language == "en"]
    assert [(each.notice.number, each.acknowledged) for each in english] == [(2, 0), (1, 1)]
    told = await call("GET", "/interviews/one")
    assert told["notice"]["purpose"] == "To decide."
    (consent,) = told["consents"]
    assert (consent["notice_version"], consent["language"], consent["notice_number"]) == (first["version"], "en", 1)
    problem = await call(
        "POST", "/interviews/one/consent", {"notice_version": first["version"]}, token=links.token, status=422
    )
    assert problem["type"] == "/problems/unknown-notice"


async def test_what_is_agreed_to_is_kept_word_for_word_in_its_language(site: Site, http: ClientSession) -> None:
    links = await site.invite()
    headers = bearer(links.token) | {"Accept-Language": "de"}
    async with http.get("/api/interviews/one", headers=headers) as response:
        shown = (await response.json())["notice"]
    body = {"notice_version": shown["version"]}
    async with http.post("/api/interviews/one/consent", json=body, headers=bearer(links.token)) as response:
        assert (await response.json())["consent"]["language"] == "de"
    async with site.services.database.reading() as db_session:
        (consent,) = (await interviews.get_interview(db_session, "one")).consents
    assert consent.notice is not None
    assert consent.notice.content["passages"] == shown["passages"]
    assert consent.notice.content["acknowledgement"] == shown["acknowledgement"]
    assert consent.notice.content["title"] == shown["title"]


async def test_a_consent_from_before_texts_were_kept_is_still_told(site: Site, call: Call) -> None:
    await site.invite(consented=True)  # by its version alone, as it was then
    (consent,) = (await call("GET", "/interviews/one"))["consents"]
    assert (consent["notice_version"], consent["notice_number"], consent["notice_url"]) == ("2026-11-1", None, None)


# --- inviting ------------------------------------------------------------------------


async def test_nobody_is_invited_before_the_notice_says_everything(site: Site, call: Call) -> None:
    added = await call("POST", "/jobs", {"title": "Nurse"}, status=201)
    assert added["notice_missing"] == [{"field": "controller", "language": None}]
    assert (added["notice_contact"], added["notice_lacking"]) == (OWNER, "who is responsible")
    path = f"/jobs/{added['id']}"
    await call("PATCH", path, {"notice_texts": {"de": {"rights": " "}}})
    problem = await call("POST", f"{path}/interviews", {"candidate": "Jane"}, status=409)
    assert problem["type"] == "/problems/notice-incomplete"
    assert problem["missing"] == [
        {"field": "controller", "language": None},
        {"field": "rights", "language": "de"},
    ]
    assert problem["page"].endswith(f"/hr/jobs/{added['id']}#notice")
    assert "who is responsible, and what candidates can ask for (Deutsch)" in problem["detail"]
    async with site.services.database.reading() as db_session:
        assert await db.notices.of_job(db_session, added["id"]) == []
    told = await call("PATCH", path, {"notice_controller": "Example Ltd", "notice_rights": "All of them."})
    assert (told["notice_missing"], told["notice_texts"]["de"]["rights"]) == ([], "All of them.")
    await call("POST", f"{path}/interviews", {"candidate": "Jane"}, status=201)


async def test_a_language_that_we_do_not_speak_is_refused(site: Site, call: Call) -> None:
    body = {"notice_texts": {"tlh": {"purpose": "nuqneH"}}}
    problem = await call("PATCH", f"/jobs/{site.job}", body, status=400)
    assert problem["errors"][0]["field"].startswith("notice_texts")


async def test_whoever_saves_the_notice_has_read_it(site: Site, call: Call) -> None:
    async with site.services.database.writing() as db_session:
        await jobs.edit_notice(db_session, site.job, {"notice_unread": True})
    assert (await call("PATCH", f"/jobs/{site.job}", {"help_contact": "0123"}))["notice_unread"] is True
    assert (await call("PATCH", f"/jobs/{site.job}", {"notice_legal_basis": "pre_contract"}))["notice_unread"] is False


async def test_hr_page_says_what_is_missing_and_leads_there(site: Site, http: ClientSession) -> None:
    async with site.services.database.writing() as db_session:
        await jobs.edit_notice(db_session, site.job, {"notice_controller": ""})
    await _sign_in(http)
    form = {"job": str(site.job), "candidate": "Jane"}
    async with http.post("/hr/invite", data=form) as response:
        page = await response.text()
    assert response.status == 400
    assert "its notice does not say who is responsible" in page
    assert f'href="/hr/jobs/{site.job}#notice"' in page
    async with http.get(f"/hr/jobs/{site.job}") as response:
        assert "Complete the notice to invite" in await response.text()


async def test_every_version_is_read_again_word_for_word_and_compared(
    site: Site, http: ClientSession, call: Call
) -> None:
    links = await site.invite()
    shown = (await call("GET", "/interviews/one", token=links.token))["notice"]
    (unkept, _) = (await call("GET", f"/jobs/{site.job}/notices"))["versions"]
    assert (unkept["version"], unkept["number"], unkept["current"]) == (shown["version"], None, True)
    assert (await call("GET", f"/jobs/{site.job}/notices/{shown['version']}"))["passages"] == shown["passages"]
    await call("POST", "/interviews/one/consent", {"notice_version": shown["version"]}, token=links.token)
    await call("PATCH", f"/jobs/{site.job}", {"notice_texts": {"en": {"purpose": "To <decide>."}}})
    listed = (await call("GET", f"/jobs/{site.job}/notices"))["versions"]
    english = [each for each in listed if each["language"] == "en"]
    assert [(each["number"], each["current"], each["acknowledged"]) for each in english] == [
        (2, True, 0),
        (1, False, 1),
    ]
    kept = await call("GET", f"/jobs/{site.job}/notices/{shown['version']}")
    assert {name: kept[name] for name in shown} == shown
    await call("GET", f"/jobs/{site.job}/notices/en-nothing", status=404)
    await _sign_in(http)
    path = f"/hr/jobs/{site.job}/notices?version={english[0]['version']}&with={shown['version']}"
    async with http.get(path) as response:
        page = await response.text()
    assert "<ins>To &lt;decide&gt;.</ins>" in page
    assert f"<del>{shown['purpose']}</del>" in page
    assert page.count("<ins>") == 1
    async with http.get(f"/hr/jobs/{site.job}/notices?version=en-nothing") as response:
        assert response.status == 404
        assert "There is no such version" in await response.text()
    async with http.get("/hr/interviews/one") as response:
        results = await response.text()
    assert f'href="/hr/jobs/{site.job}/notices?version={shown["version"]}"' in results
    assert "English</span>, version 1" in results


async def test_results_say_of_an_older_consent_that_its_words_were_not_kept(site: Site, http: ClientSession) -> None:
    await site.invite(consented=True)
    await _sign_in(http)
    async with http.get("/hr/interviews/one") as response:
        assert "Version 2026-11-1, whose words were not kept then" in await response.text()


async def _sign_in(http: ClientSession) -> None:
    from tests.web.conftest import PASSWORD

    async with http.post("/hr/sign-in", data={"email": OWNER, "password": PASSWORD}) as response:
        assert response.status == 200


def test_a_notice_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        build(a_job(), SETTINGS).title = "x"  # type: ignore[misc]
