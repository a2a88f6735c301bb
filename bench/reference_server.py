"""aiortc's own `MediaRecorder` behind a WHIP endpoint: what Holdfast is measured against.

Run it with the Python of an environment that holds aiortc 1.16 and PyAV 17.1 (with 18.1 the recorder
writes no video when sound arrives first); `bench.reference.environment()` makes one. Imports nothing of ours.
"""

import argparse
import asyncio
import itertools
import re
from pathlib import Path

from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRecorder
from aiortc.mediastreams import MediaStreamTrack

SDP = "application/sdp"


class ReferenceServer:
    """Answers WHIP POSTs; each session becomes one WebM file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._sessions: dict[str, tuple[RTCPeerConnection, MediaRecorder]] = {}

    def routes(self) -> list[web.RouteDef]:
        """The endpoint, its sessions, and a word that the server is up."""
        return [
            web.post("/whip/{name}", self.publish),
            web.delete("/whip/{name}/{session}", self.end),
            web.get("/healthz", self.health),
        ]

    async def health(self, _request: web.Request) -> web.Response:
        """GET /healthz."""
        return web.Response(text="ok")

    async def publish(self, request: web.Request) -> web.Response:
        """POST: an offer in, an answer out; recording starts when the first track is there."""
        session = f"{next(self._numbers):04d}"
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        recorder = MediaRecorder(str(self._folder / f"{session}.webm"))
        self._sessions[session] = connection, recorder

        @connection.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            recorder.addTrack(track)

        await connection.setRemoteDescription(RTCSessionDescription(sdp=await request.text(), type="offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        await recorder.start()
        return web.Response(
            status=201,
            text=with_cap(connection.localDescription.sdp),
            content_type=SDP,
            headers={"Location": f"{request.path}/{session}"},
        )

    async def end(self, request: web.Request) -> web.Response:
        """DELETE: stop and close the file."""
        session = self._sessions.pop(request.match_info["session"], None)
        if session is not None:
            await close(*session)
        return web.Response()

    async def close(self, _app: web.Application) -> None:
        """Close every file."""
        for session in self._sessions.values():
            await close(*session)
        self._sessions.clear()


async def close(connection: RTCPeerConnection, recorder: MediaRecorder) -> None:
    """End one session."""
    await recorder.stop()
    await connection.close()


def with_cap(answer: str, video_bps: int = 250_000) -> str:
    """The answer with the picture's cap in it, since aiortc writes no `b=` lines, and without its bandwidth estimate.

    The estimate sinks under load and would hand the recorder less to do than ours.
    """
    sections = re.sub(r"a=rtcp-fb:\S+ goog-remb\r\n", "", answer).split("m=")
    return "m=".join(
        section.replace("\r\na=", f"\r\nb=TIAS:{video_bps}\r\na=", 1) if section.startswith("video") else section
        for section in sections
    )


async def serve(folder: Path, port: int) -> None:
    """Serve until killed."""
    server = ReferenceServer(folder)
    app = web.Application()
    app.add_routes(server.routes())
    app.on_shutdown.append(server.close)
    runner = web.AppRunner(app, handle_signals=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where recordings go")
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(arguments.folder, arguments.port))


if __name__ == "__main__":
    main()
