"""An interview is set up with its job's questions, sounds included, or with its own."""

import tempfile

import pytest

from db import interviews, jobs
from db.errors import JobArchived
from db.interviews import Allowance, Asked
from db.jobs import Wanted
from db.models import InterviewSession, QuestionSound
from media_server.recording import names
from tests.media_server.waves import tone
from tests.web.conftest import NOW, Site
from web.invitations import NewInterview, set_up

TEMPLATE = (Wanted("Who?", think_ms=None, answer_ms=60_000, max_takes=3), Wanted("Why?", optional=True))


async def furnish(site: Site) -> None:
    async with site.services.database.writing() as db_session:
        await jobs.replace_questions(db_session, site.job, TEMPLATE)
        why = (await jobs.get_job(db_session, site.job)).questions[1]
    with tempfile.TemporaryFile() as file:
        file.write(tone(1))
        file.flush()
        await site.services.job_sounds.take_upload(site.job, why.id, file.fileno())


async def added(site: Site, new: NewInterview) -> InterviewSession:
    async with site.services.database.writing() as db_session:
        await set_up(db_session, new, NOW, site.services.data_folder.files)
    async with site.services.database.reading() as db_session:
        return await interviews.get_interview(db_session, new.session_id)


async def test_the_jobs_questions_are_copied_with_their_sounds(site: Site) -> None:
    await furnish(site)
    interview = await added(site, NewInterview("one", site.job, "John Doe"))
    told = [(each.text, each.think_ms, each.answer_ms, each.max_takes, each.optional) for each in interview.questions]
    assert told == [("Who?", None, 60_000, 3, False), ("Why?", 0, None, 1, True)]
    assert [each.sound for each in interview.questions] == [QuestionSound.NONE, QuestionSound.UPLOADED]
    assert (site.services.data_folder.uploads_path / "John_Doe" / names.question_name("one", 2)).is_file()
    async with site.services.database.writing() as db_session:
        await jobs.replace_questions(db_session, site.job, [Wanted("Something else?")])
    async with site.services.database.reading() as db_session:
        later = await interviews.get_interview(db_session, "one")
    assert [each.text for each in later.questions] == ["Who?", "Why?"], "what was asked stays as it was"


async def test_questions_of_its_own_come_instead(site: Site) -> None:
    await furnish(site)
    own = ("Where?", Asked("When?", Allowance(5_000, 10_000, 2), optional=True))
    interview = await added(site, NewInterview("one", site.job, "Jane", questions=own, allowance=Allowance(1_000)))
    told = [(each.text, each.think_ms, each.answer_ms, each.max_takes, each.optional) for each in interview.questions]
    assert told == [("Where?", 1_000, None, 1, False), ("When?", 5_000, 10_000, 2, True)]
    assert {each.sound for each in interview.questions} == {QuestionSound.NONE}
    nothing = await added(site, NewInterview("two", site.job, "Jane", questions=()))
    assert nothing.questions == []


async def test_nobody_is_invited_to_an_archived_job(site: Site) -> None:
    async with site.services.database.writing() as db_session:
        await jobs.archive(db_session, site.job, NOW)
    with pytest.raises(JobArchived):
        await added(site, NewInterview("one", site.job, "John Doe"))
