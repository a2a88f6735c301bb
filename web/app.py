"""The composition root: opens every part of the server, wires them, closes them again."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import aiohttp_jinja2
import jinja2
from aiohttp import web as aioweb

from db.audit import SYSTEM, AuditEvent
from db.clock import Clock
from db.clock_watch import ClockWatch
from db.engine import Database
from db.work import Task, WorkKind
from media_server.aio.aiortc_tap import NetworkSettings
from media_server.aio.data_folder import UPLOADS, DataFolder
from media_server.aio.disk import Disk
from media_server.aio.exports import Exports
from media_server.aio.job_sounds import JobSounds
from media_server.aio.mounted import check_mounted
from media_server.aio.previews import Previews
from media_server.aio.publisher import Publisher
from media_server.aio.recordings import Recordings
from media_server.aio.sounds import Sounds
from media_server.aio.sweeping import sweep_for_ever
from media_server.aio.traffic import Traffic
from media_server.aio.transcode import Transcoder
from media_server.aio.uploads import Uploads
from media_server.aio.work import Doer, HeavyWork
from media_server.aio.worker_process import OnProgress
from media_server.recording.events import PublisherEvent
from media_server.recording.names import part_path
from signaling.aio import deadlines
from signaling.aio.admission import Load
from signaling.aio.control_socket import ControlSocket
from signaling.aio.live_interview import OnEvent, OpenPart
from signaling.aio.live_interviews import LiveInterviews
from signaling.aio.whip_routes import Whip
from web import formats, middleware, views
from web.audit_log import AuditLog
from web.auth import Auth
from web.host_tokens import HostTokens
from web.limits import Limits
from web.metrics import Metrics, measure_requests
from web.own.services import open_own
from web.readiness import Readiness
from web.routes import routes
from web.sending import FileSender
from web.services import SERVICES, Services, has_room
from web.settings import Settings
from web.settings_audit import note_start
from web.webhooks.deliverer import Deliverer
from web.webhooks.vault import Vault

logger = logging.getLogger(__name__)

_HERE = Path(__file__).parent


@asynccontextmanager
async def open_services(settings: Settings, clock: Clock) -> AsyncIterator[Services]:
    """Take the data folder, put it in order, and serve until the caller is done; then close every part.

    Raises DataFolderUnusable (DataFolderHeld when another server serves it) and DatabaseError.
    """
    metrics = Metrics(clock)
    async with AsyncExitStack() as stack:
        data_folder, database = await _data(stack, settings, metrics)
        audit = await _audit(stack, settings, clock, database, data_folder)
        recordings = await _in_order(Recordings(database, data_folder, clock))
        sounds = Sounds(database, data_folder, recordings, settings.work, settings.speech)
        job_sounds = await _tidy(JobSounds(database, data_folder, settings.work))
        exports = Exports(database, data_folder, recordings, clock, settings.work.keep_exports_days)
        heavy_work = _heavy_work(settings, clock, database, data_folder, recordings, sounds, exports)
        await _begin(stack, heavy_work)
        disk = _started(stack, Disk(clock, sync_interval=settings.media.sync_interval_s, on_sync=metrics.synced))
        live_interviews = _live_interviews(
            stack, settings, clock, database, data_folder, disk, recordings, heavy_work, metrics
        )
        stack.callback((sender := FileSender()).close)
        auth = _auth(settings, clock, database, data_folder, audit)
        _watch(
            stack,
            sweep_for_ever(recordings, exports, ClockWatch(clock), auth.forget_ended),
            _watch_deadlines(database, live_interviews, clock, ClockWatch(clock)),
            metrics.loop_lag.watch_for_ever(),
        )
        await stack.enter_async_context(webhooks := _deliverer(settings, clock, database, data_folder))
        yield Services(
            settings,
            clock,
            database,
            data_folder,
            disk,
            recordings,
            heavy_work,
            sounds,
            job_sounds,
            Uploads(database, data_folder, recordings, settings.work, clock),
            live_interviews,
            auth,
            *_live_routes(settings, live_interviews, auth, clock),
            sender,
            exports,
            webhooks,
            metrics,
            Readiness(database, data_folder, is_stopping=lambda: live_interviews.is_stopping),
            await stack.enter_async_context(open_own(settings, clock, database, data_folder, recordings)),
            audit,
        )


async def _begin(stack: AsyncExitStack, heavy_work: HeavyWork) -> None:
    stack.push_async_callback(heavy_work.close)
    await heavy_work.start()


async def _tidy(job_sounds: JobSounds) -> JobSounds:
    await job_sounds.tidy_all()
    return job_sounds


async def _data(stack: AsyncExitStack, settings: Settings, metrics: Metrics) -> tuple[DataFolder, Database]:
    """The data folder, which nobody else serves from now on, and the database in it."""
    data_folder = await asyncio.to_thread(DataFolder.open, settings.data)
    stack.enter_context(data_folder.held())
    database = await Database.open(data_folder.database_path, settings.database)
    stack.push_async_callback(database.close)
    database.on_wait = metrics.waited_for_database
    await check_mounted(database, data_folder)
    data_folder.pin_uploads()
    return data_folder, database


async def _audit(
    stack: AsyncExitStack, settings: Settings, clock: Clock, database: Database, data_folder: DataFolder
) -> AuditLog:
    """Takes what is told from now on; that the server began, with which settings, is the first of it."""
    audit = await stack.enter_async_context(AuditLog(database, clock))
    await note_start(audit, database, settings, data_folder.server_key())
    stack.callback(audit.note, AuditEvent.SERVER_STOPPED, SYSTEM)
    return audit


def _auth(settings: Settings, clock: Clock, database: Database, data_folder: DataFolder, audit: AuditLog) -> Auth:
    host_tokens = HostTokens(settings.embedding, clock)
    return Auth(database, data_folder.server_key(), clock, settings.web, audit, host_tokens)


def _live_interviews(
    stack: AsyncExitStack,
    settings: Settings,
    clock: Clock,
    database: Database,
    data_folder: DataFolder,
    disk: Disk,
    recordings: Recordings,
    heavy_work: HeavyWork,
    metrics: Metrics,
) -> LiveInterviews:
    live_interviews = LiveInterviews(
        database=database,
        clock=clock,
        settings=settings.signaling,
        media=settings.media,
        make_publisher=publisher_maker(settings, disk, clock, data_folder, metrics.traffic),
        part_path=lambda folder, session_id, number: f"{UPLOADS}/{folder}/{part_path(session_id, number)}",
        store=lambda session_id: _store(recordings, heavy_work, session_id),
        erase=recordings.delete,
        load=lambda: Load(metrics.loop_lag.usual_s, disk.lag_s, has_room(data_folder)),
    )
    stack.push_async_callback(live_interviews.close_all)
    return live_interviews


def create_app(services: Services) -> aioweb.Application:
    """Routes, pages and middleware around services that are open, below the base path of the settings."""
    app = _app(services)
    base_path = services.settings.web.base_path
    if not base_path:
        return app
    outer = aioweb.Application(client_max_size=services.settings.web.max_body_bytes)
    outer.add_subapp(base_path, app)
    return outer


def _app(services: Services) -> aioweb.Application:
    settings = services.settings.web
    app = aioweb.Application(
        client_max_size=settings.max_body_bytes,
        middlewares=[
            middleware.trust_proxies(settings),
            measure_requests(services.metrics, services.clock, settings.base_path),
            middleware.log_access(services.clock, settings),
            middleware.answer_preflights(services.settings.embedding),
            middleware.answer_errors,
            middleware.refuse_other_sites(settings),
            middleware.refuse_guessing(services.limits),
            middleware.refuse_encoded,
            middleware.compress_static,
        ],
    )
    app[SERVICES] = services
    app.on_response_prepare.append(middleware.SecurityHeaders(settings, services.settings.embedding).add)
    environment = aiohttp_jinja2.setup(
        app, loader=jinja2.FileSystemLoader(_HERE / "templates"), undefined=jinja2.StrictUndefined
    )
    environment.filters.update(
        duration=formats.duration,
        lapse=formats.lapse,
        megabytes=formats.megabytes,
        urlencode=formats.path_step,
        when=formats.when,
    )
    environment.globals["base"] = settings.base_path
    app.add_routes(routes())
    app.router.add_static("/static/", _HERE / "static")
    return app


async def _in_order(recordings: Recordings) -> Recordings:
    """Mend what a crash left and finish what was begun, before anybody records."""
    await recordings.mend_all()
    await recordings.finish_pending(join=False)
    return recordings


def _started(stack: AsyncExitStack, disk: Disk) -> Disk:
    disk.start()
    stack.push_async_callback(disk.stop)
    return disk


def _live_routes(
    settings: Settings, live_interviews: LiveInterviews, auth: Auth, clock: Clock
) -> tuple[Whip, ControlSocket, Limits]:
    whip = Whip(
        live_interviews,
        authorise=auth.publisher,
        ice_servers=lambda session_id: views.servers_for(settings.signaling, session_id, clock.utc_now()),
        settings=settings.signaling,
        clock=clock,
        base_path=settings.web.base_path,
    )
    control = ControlSocket(live_interviews, check_token=auth.check_candidate, settings=settings.signaling, clock=clock)
    return whip, control, Limits(settings.limits, clock)


def publisher_maker(
    settings: Settings, disk: Disk, clock: Clock, data_folder: DataFolder, traffic: Traffic | None = None
) -> Callable[[str, OpenPart, OnEvent], Publisher]:
    """Publishers bound to this server's disk, network and settings."""
    media = settings.media
    addresses = media.bind_addresses or (("127.0.0.1",) if settings.web.on_this_machine_only else ())
    network = NetworkSettings(addresses, media.udp_port_range)

    def make(whip_session: str, open_part: OpenPart, on_event: Callable[[PublisherEvent], None]) -> Publisher:
        return Publisher(
            whip_session,
            settings=media,
            network=network,
            disk=disk,
            clock=clock,
            create_file=lambda path: data_folder.files.create(path.as_posix()),
            open_again=lambda path: data_folder.files.open(path.as_posix(), os.O_RDWR),
            open_part=open_part,
            on_event=on_event,
            traffic=traffic,
        )

    return make


def _heavy_work(
    settings: Settings,
    clock: Clock,
    database: Database,
    data_folder: DataFolder,
    recordings: Recordings,
    sounds: Sounds,
    exports: Exports,
) -> HeavyWork:
    transcoder = Transcoder(database, data_folder, recordings, settings.media.video_bps)
    previews = Previews(database, data_folder, recordings)
    all_doers = {
        **doers(recordings, sounds, transcoder),
        WorkKind.PREVIEWS: previews.make,
        WorkKind.EXPORT: exports.make,
    }
    stoppable = {kind: _stoppable(recordings, doer) for kind, doer in all_doers.items()}
    return HeavyWork(database, clock, settings.work, stoppable, speech=bool(settings.speech.command))


def _stoppable(recordings: Recordings, doer: Doer) -> Doer:
    """Deleting an interview ends what is done with it, and does not wait."""

    async def do(task: Task, on_progress: OnProgress) -> None:
        with recordings.eraser.stoppable(task.session_id):
            await doer(task, on_progress)

    return do


def doers(recordings: Recordings, sounds: Sounds, transcoder: Transcoder) -> dict[WorkKind, Doer]:
    """Who does which heavy work."""
    return {
        WorkKind.JOIN: lambda task, _: recordings.join(task.session_id),
        WorkKind.ANSWER_SOUND: sounds.cut,
        WorkKind.QUESTION_SOUND: sounds.speak,
        WorkKind.TRANSCODE: transcoder.transcode,
    }


async def _store(recordings: Recordings, heavy_work: HeavyWork, session_id: str) -> None:
    """Store a finished interview: a single part at once, several beside the live path."""
    if await recordings.store(session_id, several=False) is None:
        await heavy_work.soon(Task(WorkKind.JOIN, session_id))


async def _watch_deadlines(
    database: Database, live_interviews: LiveInterviews, clock: Clock, clock_watch: ClockWatch
) -> None:
    while True:
        try:
            if clock_watch.is_believed():
                await deadlines.end_overdue(database, live_interviews, clock)
        except Exception:
            logger.exception("interviews whose deadline is over could not be read; tried again soon")
        await asyncio.sleep(deadlines.EVERY_S)


def _deliverer(settings: Settings, clock: Clock, database: Database, data_folder: DataFolder) -> Deliverer:
    return Deliverer(database, clock, settings.webhooks, Vault(data_folder.server_key()))


def _watch(stack: AsyncExitStack, *watches: Coroutine[None, None, None]) -> None:
    """Have these run until the end."""
    for watch in watches:
        stack.push_async_callback(_cancel, asyncio.create_task(watch))


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
