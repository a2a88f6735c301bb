"""What the handlers share. `app.open_services` makes it; everything else is handed it."""

from dataclasses import dataclass

from aiohttp import web as aioweb

from db.clock import Clock
from db.engine import Database
from media_server.aio.data_folder import DataFolder
from media_server.aio.disk import Disk
from media_server.aio.exports import Exports
from media_server.aio.job_sounds import JobSounds
from media_server.aio.recordings import Recordings
from media_server.aio.sounds import Sounds
from media_server.aio.uploads import Uploads
from media_server.aio.work import HeavyWork
from signaling.aio.control_socket import ControlSocket
from signaling.aio.live_interviews import LiveInterviews
from signaling.aio.whip_routes import Whip
from web.audit_log import AuditLog
from web.auth import Auth
from web.limits import Limits
from web.metrics import Metrics
from web.own.services import Own
from web.readiness import Readiness
from web.sending import FileSender
from web.settings import Settings
from web.webhooks.deliverer import Deliverer

LEAST_ROOM_BYTES = 500_000_000
"Below this much room nobody begins to record: what runs already needs it."


def has_room(data_folder: DataFolder) -> bool:
    """Whether the disk takes another interview; one that has gone takes none. Blocking."""
    try:
        return data_folder.has_room_for(0)
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of a running server, wired."""

    settings: Settings
    "What was asked for."
    clock: Clock
    "Time."
    database: Database
    "What is remembered."
    data_folder: DataFolder
    "Where the files lie; its lock is ours."
    disk: Disk
    "Who writes media."
    recordings: Recordings
    "Stores, mends, sweeps, deletes."
    heavy_work: HeavyWork
    "Joins, transcodes and cuts beside everything else."
    sounds: Sounds
    "Makes the sound files of questions and answers."
    job_sounds: JobSounds
    "Takes the sounds of jobs' questions."
    uploads: Uploads
    "Takes recordings that were made elsewhere."
    live_interviews: LiveInterviews
    "Who publishes now."
    auth: Auth
    "Who is asking."
    whip: Whip
    "Takes offers from senders."
    control: ControlSocket
    "Talks with candidates' pages."
    limits: Limits
    "How often is too often."
    sender: FileSender
    "Sends files."
    exports: Exports
    "Makes MP4s."
    webhooks: Deliverer
    "Sends what webhooks are owed."
    metrics: Metrics
    "What is counted for operators."
    readiness: Readiness
    "Whether interviews can be recorded now."
    own: Own
    "What candidates ask for afterwards; mail."
    audit: AuditLog
    "Takes what is written into the audit without anybody waiting."


SERVICES = aioweb.AppKey("services", Services)
