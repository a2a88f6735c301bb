"""Jobs as HR makes and changes them: saved only when the server says so, and never lost silently."""

import re

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Dialog, FilePayload, Locator, expect

from db import interviews, jobs, people
from db.jobs import Wanted
from db.models import JobRole
from tests.browser.pages.place import CONTROLLER, HR_EMAIL, HR_PASSWORD, NEW_HR_EMAIL, Place
from tests.browser.pages.visitor import Visitor
from tests.media_server.waves import tone
from web.invitations import NewInterview, set_up
from web.notices import first_words

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

QUESTIONS = (
    Wanted("Who are you?", think_ms=30_000, answer_ms=60_000, max_takes=2),
    Wanted("Why?"),
    Wanted("What now?"),
)


async def new_job(place: Place, title: str = "Baker") -> int:
    async with place.services.database.writing() as db_session:
        owner = await people.get_user(db_session, HR_EMAIL)
        words = first_words(place.services.settings.notice, controller=CONTROLLER, contact=HR_EMAIL)
        job = await people.add_job(db_session, title, owner.id, place.services.clock.utc_now(), **words)
        await jobs.replace_questions(db_session, job.id, QUESTIONS)
        return job.id


async def questions_of(place: Place, job_id: int) -> list[str]:
    async with place.services.database.reading() as db_session:
        return [question.text for question in (await jobs.get_job(db_session, job_id)).questions]


def card(visitor: Visitor, number: int) -> Locator:
    """A question by its number among those that stay."""
    return visitor.page.locator("[data-question]", has=visitor.page.get_by_text(f"Question {number}", exact=True))


async def saves(visitor: Visitor) -> None:
    await visitor.page.get_by_role("button", name="Save", exact=True).click()
    await expect(visitor.page.locator("#save-text")).to_have_text(re.compile(r"Saved at \d"))


@pytest_asyncio.fixture(loop_scope="session")
async def hr(place: Place, visitor: Visitor) -> Visitor:
    await visitor.signs_in(place.url, HR_EMAIL, HR_PASSWORD)
    return visitor


async def test_a_job_is_made_and_somebody_is_invited(place: Place, hr: Visitor) -> None:
    page = hr.page
    await page.goto(f"{place.url}/hr/jobs")
    await page.get_by_role("link", name="New job").click()
    await page.get_by_role("button", name="Create job").click()
    await expect(page.get_by_text("Write what the job is called.")).to_be_visible()
    await expect(page.get_by_label("Title", exact=True)).to_be_focused()
    await hr.has_no_barriers()
    await page.get_by_label("Title", exact=True).fill("Gardener")
    await page.get_by_role("button", name="Add a question").click()
    await page.keyboard.type("What grows well with you?")
    await card(hr, 1).get_by_label("Time to think", exact=True).last.select_option("Up to")
    await card(hr, 1).get_by_label("Seconds to think").fill("45")
    await card(hr, 1).get_by_text("May be skipped").click()
    await (
        card(hr, 1)
        .locator("[data-file]")
        .set_input_files({"name": "question.wav", "mimeType": "audio/wav", "buffer": tone(1)})
    )
    await expect(card(hr, 1)).to_contain_text("Chosen, not saved yet")
    await page.get_by_role("button", name="Create job").click()
    await expect(page).to_have_url(re.compile(r"/hr/jobs/\d+$"))
    await expect(page.locator("#notice")).to_contain_text("the notice does not say who is responsible.")
    await expect(page.get_by_label("Whom to ask about data")).to_have_value(HR_EMAIL)
    await expect(page.get_by_label("Why it is recorded (Deutsch)")).to_have_value(re.compile("^Damit die Menschen"))
    await page.get_by_role("link", name="Complete the notice to invite").click()
    await page.get_by_label("Who is responsible").fill(CONTROLLER)
    await saves(hr)
    await expect(page.locator("[data-notice-lacks]:visible")).to_have_count(0)
    await page.reload()
    await expect(page.get_by_role("heading", name="Gardener")).to_be_visible()
    await expect(card(hr, 1)).to_contain_text("Spoken")
    await expect(page.locator("#save-text")).to_have_text("All changes are saved")
    job_id = int(re.findall(r"/hr/jobs/(\d+)", page.url)[0])
    await page.get_by_role("link", name="Invite a candidate").click()
    await expect(page.get_by_label("Job", exact=True)).to_have_value(str(job_id))
    async with place.services.database.writing() as db_session:
        new = NewInterview("gardener", job_id, "Ana")
        await set_up(db_session, new, place.services.clock.utc_now(), place.services.data_folder.files)
    async with place.services.database.reading() as db_session:
        (asked,) = (await interviews.get_interview(db_session, "gardener")).questions
    assert (asked.text, asked.think_ms, asked.optional, asked.sound.value) == (
        "What grows well with you?",
        45_000,
        True,
        "uploaded",
    )


async def test_questions_are_moved_removed_and_taken_back(place: Place, hr: Visitor) -> None:
    job_id, page = await new_job(place), hr.page
    await page.goto(f"{place.url}/hr/jobs/{job_id}")
    await card(hr, 1).get_by_role("button", name="Move down").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#said")).to_have_text("Now question 2 of 3.")
    await expect(card(hr, 2).get_by_role("button", name="Move down")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(card(hr, 3).locator("textarea")).to_have_value("Who are you?")
    await page.set_viewport_size({"width": 1280, "height": 3000})  # nothing has to scroll while it is dragged
    await card(hr, 3).locator("[data-grip]").hover()
    box = await card(hr, 1).bounding_box()
    assert box is not None
    await page.mouse.down()
    await page.mouse.move(box["x"] + 60, box["y"] + 20, steps=10)
    await page.mouse.up()
    await expect(card(hr, 1).locator("textarea")).to_have_value("Who are you?")
    await card(hr, 2).get_by_role("button", name="Remove", exact=True).click()
    await expect(page.get_by_role("button", name="Undo")).to_be_focused()
    await expect(page.locator("#save-text")).to_have_text("Unsaved changes")
    await page.keyboard.press("Enter")
    await expect(card(hr, 2).locator("textarea")).to_be_focused()
    await expect(page.locator("#save-text")).to_have_text("All changes are saved")
    await card(hr, 2).get_by_role("button", name="Remove", exact=True).click()
    assert await questions_of(place, job_id) == ["Who are you?", "Why?", "What now?"]
    await saves(hr)
    assert await questions_of(place, job_id) == ["Who are you?", "What now?"]
    await expect(page.locator("[data-question]")).to_have_count(2)


async def test_a_sound_is_recorded_heard_and_saved(place: Place, hr: Visitor, context: BrowserContext) -> None:
    await context.grant_permissions(["microphone"], origin=place.url)
    job_id, page = await new_job(place), hr.page
    await page.goto(f"{place.url}/hr/jobs/{job_id}")
    first = card(hr, 1)
    await first.get_by_role("button", name="Record").click()
    await expect(first).to_contain_text(re.compile(r"Recording 0:0[1-9]"))
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("#save-text")).to_have_text("Not saved: stop the recording first.")
    await first.get_by_role("button", name="Stop").click()
    await expect(first).to_contain_text("Recorded, not saved yet")
    await first.get_by_role("button", name="Listen").click()
    await expect(first.get_by_role("button", name="Stop")).to_be_visible()
    await expect(first.get_by_role("button", name="Listen")).to_be_visible()
    await saves(hr)
    await expect(first).to_contain_text("Spoken")
    async with place.services.database.reading() as db_session:
        question = (await jobs.get_job(db_session, job_id)).questions[0]
    file = place.services.data_folder.uploads_path / ".jobs" / str(job_id) / (question.sound_name or "")
    assert file.stat().st_size > 48_000
    await page.reload()
    await first.get_by_role("button", name="Remove sound").click()
    await saves(hr)
    assert not file.exists()


async def test_what_is_no_sound_stays_unsaved_and_is_told(place: Place, hr: Visitor) -> None:
    job_id, page = await new_job(place), hr.page
    await page.goto(f"{place.url}/hr/jobs/{job_id}")
    await page.get_by_label("Title", exact=True).fill("Baker, mornings")
    wrong = FilePayload(name="question.wav", mimeType="audio/wav", buffer=b"no sound at all")
    await card(hr, 2).locator("[data-file]").set_input_files(wrong)
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("#save-text")).to_contain_text("Everything but a sound is saved.")
    await expect(card(hr, 2)).to_contain_text("It is no WAV file")
    await expect(page.get_by_role("heading", name="Baker, mornings")).to_be_visible()
    await card(hr, 2).get_by_role("button", name="Remove sound").click()
    await saves(hr)


async def test_nothing_is_lost_silently(place: Place, hr: Visitor) -> None:
    job_id, page = await new_job(place), hr.page
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    await page.goto(f"{place.url}/hr/jobs/{job_id}")
    await card(hr, 1).locator("textarea").fill("Who are you really?")
    await expect(page.locator("#save-text")).to_have_text("Unsaved changes")
    await page.get_by_role("link", name="Interviews", exact=True).click()
    await expect(card(hr, 1).locator("textarea")).to_have_value("Who are you really?")
    assert asked == ["beforeunload"]
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("#save-text")).to_contain_text("The server could not be reached. Nothing was changed.")
    await page.context.set_offline(False)
    await saves(hr)
    await page.get_by_role("link", name="Interviews", exact=True).click()
    await expect(page.get_by_role("heading", name="Interviews", exact=True)).to_be_visible()
    assert asked == ["beforeunload"]
    hr.complaints[:] = [each for each in hr.complaints if "ERR_INTERNET_DISCONNECTED" not in each]


async def test_what_a_colleague_changed_meanwhile_is_not_overwritten_unasked(place: Place, hr: Visitor) -> None:
    job_id, page = await new_job(place), hr.page
    await page.goto(f"{place.url}/hr/jobs/{job_id}")
    async with place.services.database.writing() as db_session:
        job = await jobs.get_job(db_session, job_id)
        kept = Wanted(job.questions[0].text, id=job.questions[0].id)
        await jobs.replace_questions(db_session, job_id, [kept])
    await card(hr, 1).locator("textarea").fill("Mine?")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("#save-text")).to_contain_text("Somebody else changed this job")
    assert await questions_of(place, job_id) == ["Who are you?"]
    await hr.has_no_barriers()
    await page.get_by_role("button", name="Save mine anyway").click()
    await expect(page.locator("#save-text")).to_have_text(re.compile("Saved at"))
    assert await questions_of(place, job_id) == ["Mine?", "Why?", "What now?"]


async def test_the_team_is_managed_by_its_owners(place: Place, hr: Visitor, context: BrowserContext) -> None:
    job_id, page = await new_job(place, "Dyer"), hr.page
    await page.goto(f"{place.url}/hr/jobs/{job_id}")
    await page.get_by_label("E-mail of a colleague").fill("nobody@example.org")
    await page.keyboard.press("Enter")
    await expect(page.locator("#team-said")).to_contain_text("Nobody has an account as nobody@example.org")
    await page.get_by_label("E-mail of a colleague").fill(NEW_HR_EMAIL)
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.locator("#members li")).to_have_count(2)
    await page.get_by_label(f"Role of {HR_EMAIL}").select_option("Reviewer")
    await expect(page.locator("#team-said")).to_contain_text("A job has at least one owner")
    await expect(page.get_by_label(f"Role of {HR_EMAIL}")).to_have_value("owner")
    await expect(page.locator("#save-text")).to_have_text("All changes are saved")

    reviewer = Visitor(await context.browser.new_page()) if context.browser else None
    assert reviewer is not None
    await reviewer.signs_in(place.url, NEW_HR_EMAIL, HR_PASSWORD)
    await reviewer.page.goto(f"{place.url}/hr/jobs/{job_id}")
    await expect(reviewer.page.get_by_text("You are a reviewer")).to_be_visible()
    for name in ("Save", "Copy job", "Archive", "Add a question", "Add"):
        await expect(reviewer.page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    await expect(reviewer.page.get_by_role("link", name="Invite a candidate")).to_have_count(0)
    await reviewer.has_no_barriers()
    await reviewer.fits()
    await page.get_by_label(f"Role of {NEW_HR_EMAIL}").select_option("Recruiter")
    await expect(page.locator("#team-said")).to_have_text(f"{NEW_HR_EMAIL} is recruiter now.")
    await reviewer.page.reload()
    await expect(reviewer.page.get_by_role("button", name="Save", exact=True)).to_be_visible()
    await expect(reviewer.page.get_by_role("button", name="Add", exact=True)).to_have_count(0)
    await expect(reviewer.page.get_by_role("button", name="Delete job")).to_have_count(0)
    await page.get_by_role("button", name=f"Remove {NEW_HR_EMAIL}").click()
    await expect(page.locator("#members li")).to_have_count(1)
    await reviewer.page.reload()
    await expect(reviewer.page.get_by_role("heading", name="Not found")).to_be_visible()
    await reviewer.page.close()


async def test_a_job_is_copied_archived_and_deleted(place: Place, hr: Visitor) -> None:
    job_id, page = await new_job(place, "Cook"), hr.page
    await page.goto(f"{place.url}/hr/jobs/{job_id}")
    await page.get_by_role("button", name="Copy job").click()
    await hr.has_no_barriers()
    await page.get_by_label("Title of the copy").fill("Cook, evenings")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Cook, evenings")).to_be_visible()
    await expect(page.locator("[data-question]")).to_have_count(3)
    await page.get_by_role("button", name="Archive").click()
    await expect(page.get_by_text("This job has been archived since")).to_be_visible()
    await expect(page.get_by_role("link", name="Invite a candidate")).to_have_count(0)
    await hr.has_no_barriers()
    await page.goto(f"{place.url}/hr/jobs")
    await expect(page.get_by_role("link", name="Cook, evenings", exact=True)).to_have_count(0)
    await page.get_by_role("link", name="Archived").click()
    await hr.has_no_barriers()
    await page.get_by_role("link", name="Cook, evenings", exact=True).click()
    await page.get_by_role("button", name="Take out of the archive").click()
    await expect(page.get_by_role("link", name="Invite a candidate")).to_be_visible()
    await page.get_by_role("button", name="Delete job").click()
    await expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    await page.get_by_role("button", name="Delete for good").click()
    await expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    await expect(page.get_by_role("link", name="Cook, evenings", exact=True)).to_have_count(0)


async def test_jobs_have_no_barriers_and_fit_a_phone(place: Place, hr: Visitor) -> None:
    job_id, page = await new_job(place, "Pharmaceutical-technical assistant, Beispielstein-Musterhausen"), hr.page
    await page.goto(f"{place.url}/hr/jobs/{job_id}")
    for path in ("/hr/jobs", f"/hr/jobs/{job_id}", "/hr/jobs/new", "/hr/jobs?archived=true", "/hr/jobs?search=nothing"):
        await page.set_viewport_size({"width": 1440, "height": 900})
        await page.goto(place.url + path)
        await hr.has_no_barriers()
        await hr.fits()
        await hr.has_no_barriers()


async def test_the_first_job_is_offered(place: Place, visitor: Visitor) -> None:
    async with place.services.database.writing() as db_session:
        fresh = await people.get_user(db_session, NEW_HR_EMAIL)
        mine = await people.jobs_of(db_session, fresh.id)
        for job in mine:
            await jobs.set_member(db_session, job.id, HR_EMAIL, JobRole.OWNER)
            await jobs.remove_member(db_session, job.id, fresh.id)
    await visitor.signs_in(place.url, NEW_HR_EMAIL, HR_PASSWORD)
    await visitor.page.goto(f"{place.url}/hr/jobs")
    await visitor.has_no_barriers()
    await visitor.fits()
    await visitor.page.get_by_role("link", name="Create your first job").click()
    await expect(visitor.page.get_by_role("heading", name="New job")).to_be_visible()
