"""Every page comes out of its template, for whom it is meant."""

from aiohttp import ClientSession

from tests.web.conftest import OWNER, PASSWORD, Site


async def sign_in(http: ClientSession) -> None:
    async with http.post("/hr/sign-in", data={"email": OWNER, "password": PASSWORD}) as response:
        assert response.status == 200


async def text_of(http: ClientSession, path: str, status: int = 200) -> str:
    async with http.get(path) as response:
        assert response.status == status
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        return await response.text()


async def test_the_root_leads_to_hr(site: Site, http: ClientSession) -> None:
    assert "<h1>Sign in</h1>" in await text_of(http, "/")


async def test_a_candidates_link_opens_their_page(site: Site, http: ClientSession) -> None:
    links = await site.invite("session-1")
    page = await text_of(http, links.candidate_url.removeprefix(site.url))
    assert 'data-session-id="session-1"' in page
    assert links.token not in page
    assert "John" not in page, "the page holds nothing of the person; the API tells it"


async def test_after_a_reload_the_tab_knows_which(site: Site, http: ClientSession) -> None:
    assert 'data-session-id=""' in await text_of(http, "/i/")


async def test_an_unknown_link_is_said_in_plain_words(site: Site, http: ClientSession) -> None:
    assert "This link does not open an interview" in await text_of(http, "/i/AAAA.BBBB", 401)


async def test_anybody_can_check_their_device(site: Site, http: ClientSession) -> None:
    assert 'id="start-check"' in await text_of(http, "/check")


async def test_the_list_and_the_results(site: Site, http: ClientSession) -> None:
    await sign_in(http)
    assert "No interviews yet" in await text_of(http, "/hr")
    await site.recorded()
    assert '<a href="/hr/interviews/one">John Doe</a>' in await text_of(http, "/hr")
    results = await text_of(http, "/hr/interviews/one")
    assert "<title>Interview Results" in results
    assert 'href="/api/interviews/one/video/download"' in results


async def test_an_interview_in_each_state_has_a_page(site: Site, http: ClientSession) -> None:
    await sign_in(http)
    await site.invite()
    assert "Nothing has been recorded yet" in await text_of(http, "/hr/interviews/one")
    await site.invite("two", consented=True)
    await site.add_part("two")
    await site.add_part("two", closed=False)
    page = await text_of(http, "/hr/interviews/two")
    assert 'data-url="/api/interviews/two/parts/1"' in page
    assert "/parts/2" not in page


async def test_a_part_without_sound_is_missing_something(site: Site, http: ClientSession) -> None:
    await sign_in(http)
    await site.invite(consented=True)
    await site.add_part()
    assert "Nothing was lost" in await text_of(http, "/hr/interviews/one")
    await site.add_part(sound=None)
    page = await text_of(http, "/hr/interviews/one")
    assert "Part 2 has no sound" in page
    assert "Nothing was lost" not in page


async def test_somebody_elses_interview_has_none(site: Site, http: ClientSession) -> None:
    await sign_in(http)
    assert "Not found" in await text_of(http, "/hr/interviews/unknown", 404)


async def test_a_wrong_address_is_a_plain_page(site: Site, http: ClientSession) -> None:
    page = await text_of(http, "/nothing/here", 404)
    assert "There is nothing at this address." in page
