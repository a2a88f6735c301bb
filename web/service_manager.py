"""What systemd is told, where it started us (sd_notify(3)): that we serve, that we end, and that the event loop still runs."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Mapping

MOST_S = 30.0
"The longest pause between two signs of life."


class ServiceManager:
    """The socket that systemd named in the environment; without one, nothing is said."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._watched_s = _seconds(environment.get("WATCHDOG_USEC", ""))

    def tell(self, state: str) -> None:
        """Send one line, as in `READY=1`. Whoever does not listen misses it."""
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as unix,
        ):
            unix.setblocking(False)
            unix.sendto(state.encode(), address)

    @contextlib.asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Say in time, again and again, that the event loop runs: a task of it does the saying."""
        if not self._watched_s:
            yield
            return
        saying = asyncio.create_task(self._say_for_ever(min(self._watched_s / 3, MOST_S)))
        try:
            yield
        finally:
            saying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await saying

    async def _say_for_ever(self, every_s: float) -> None:
        while True:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(every_s)


def _seconds(microseconds: str) -> float:
    return int(microseconds) / 1e6 if microseconds.isdigit() else 0.0
