"""Every file that the database names, and whose it is."""

from dataclasses import dataclass

from db import deletion, exports, jobs, work
from db.engine import Database
from media_server.aio import recording_files
from media_server.aio.job_sounds import job_sound_path


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """Paths below the data folder."""

    of_interviews: dict[str, str]
    "Recordings, parts, sounds and copies in other formats, each with its session id."
    of_jobs: dict[str, int]
    "The sounds of jobs' questions, each with its job's id."


async def named_files(database: Database) -> NamedFiles:
    """What the database names at this moment."""
    async with database.reading() as db_session:
        known = await deletion.known_paths(db_session)
        sounds = await work.made_sounds(db_session)
        copies = await exports.files(db_session)
        of_jobs = await jobs.sound_names(db_session)
    known |= {
        recording_files.export_path(copy.folder, copy.session_id, copy.kind.value): copy.session_id for copy in copies
    }
    known |= {recording_files.made_sound_path(sound): sound.session_id for sound in sounds}
    return NamedFiles(known, {job_sound_path(job_id, name): job_id for job_id, name in of_jobs})
