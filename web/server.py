"""Serve until told to stop: sockets, signals, what is printed at the start, and an end within ten seconds."""

import asyncio
import errno
import logging
import signal
import ssl
from collections.abc import Callable

from aiohttp import web as aioweb

from db.clock import SystemClock
from db.errors import DatabaseError
from media_server.aio.data_folder import DataFolderUnusable
from web.app import create_app, open_services
from web.connections import BoundedSite
from web.logs import configure_logging
from web.service_manager import ServiceManager
from web.services import Services
from web.settings import Settings, WebSettings

logger = logging.getLogger(__name__)

CLOSE_WITHIN_S = 7.0
"How long parts have to be closed; what a refusing disk keeps from it is mended at the next start."
CONNECTIONS_WITHIN_S = 2.0
"How long requests have to end after that."


class CannotServe(Exception):  # noqa: N818  it says what happened
    """The server did not start, and why, in lines for the operator."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


Greeting = Callable[[Settings], list[str]]
"What is printed once the server answers."


def serve_until_stopped(settings: Settings, greeting: Greeting | None = None) -> None:
    """Serve until SIGTERM or SIGINT. Raises CannotServe."""
    configure_logging(settings.web)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(settings, greeting or usual_greeting))
    except (DatabaseError, DataFolderUnusable) as error:
        raise CannotServe(str(error)) from None
    except OSError as error:
        raise CannotServe(f"{error.filename or 'The server'}: {error.strerror}.") from None


def usual_greeting(settings: Settings) -> list[str]:
    """Where the pages are, and what a firewall has to let through."""
    web = settings.web
    lines = [f"Holdfast serves {web.base_url} (HR: {web.base_url}/hr) from {settings.data.resolve()}"]
    if web.on_this_machine_only:
        return [*lines, "Only this machine can reach it; --host 0.0.0.0 opens it to others."]
    first, last = settings.media.udp_ports.split("-")
    lines += [
        "A firewall has to let these through, for example with ufw:",
        f"  ufw allow {web.port}/tcp        pages",
        f"  ufw allow {first}:{last}/udp   sound and picture",
    ]
    if not web.secure:
        lines.append(
            "Browsers open a camera only on https: give --tls-cert and --tls-key, or put a proxy in front and give "
            "--public-url https://…"
        )
    return lines


async def _serve(settings: Settings, greeting: Greeting) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tls = _tls(settings.web)
    async with open_services(settings, SystemClock()) as services:
        runner = aioweb.AppRunner(
            create_app(services), access_log=None, shutdown_timeout=CONNECTIONS_WITHIN_S, handler_cancellation=False
        )
        await runner.setup()
        try:
            await _listen(runner, settings.web, tls)
            await asyncio.to_thread(_leave_word, services)
            await services.audit.say_head()
            print(*greeting(settings), sep="\n", flush=True)  # noqa: T201  this is what the operator reads
            manager = ServiceManager()
            manager.tell("READY=1")
            async with manager.alive():
                await stop.wait()
            manager.tell("STOPPING=1")
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)  # the second one ends the process at once
            await _close_parts(services)
        finally:
            await runner.cleanup()


def _leave_word(services: Services) -> None:
    try:
        services.data_folder.note_address(services.settings.web.base_url)
    except OSError:  # a full disk keeps nobody from serving what lies there
        logger.warning("the address could not be noted; give --public-url to the commands that print links")


async def _listen(runner: aioweb.AppRunner, settings: WebSettings, tls: ssl.SSLContext | None) -> None:
    try:
        await BoundedSite(runner, settings, tls).start()
    except OSError as error:
        where = f"{settings.host} port {settings.port}"
        match error.errno:
            case errno.EADDRINUSE:
                line = (
                    f"Port {settings.port} is used by another program. Stop that one, or choose another with --port "
                    f"(make run PORT={settings.port + 1})."
                )
            case errno.EACCES:
                line = f"This user may not listen on {where}. Ports below 1024 need root; choose another with --port."
            case _:
                line = f"Cannot listen on {where}: {error.strerror}. Choose another address with --host."
        raise CannotServe(line) from None


def _tls(settings: WebSettings) -> ssl.SSLContext | None:
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except FileNotFoundError:
        raise CannotServe(f"There is no {settings.tls_cert} or no {settings.tls_key}; both have to be there.") from None
    except OSError:  # ssl.SSLError is one
        raise CannotServe(
            f"{settings.tls_cert} and {settings.tls_key} are no certificate and key (PEM) that belong together."
        ) from None
    return context


async def _close_parts(services: Services) -> None:
    logger.info("stopping; %d interviews are being recorded", services.live_interviews.publishing_count)
    try:
        await asyncio.wait_for(services.live_interviews.close_all(), CLOSE_WITHIN_S)
    except TimeoutError:
        logger.warning("not every part could be closed in time; the next start mends them")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # there is none for this platform; asyncio's own loop does the same with more CPU
        return None
    return uvloop.new_event_loop
