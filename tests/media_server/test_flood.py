"""A flood between a sender's packets: the recording is whole, and nothing is kept of what came in between."""

import random
import socket

from bench.junk import DATAGRAMS
from media_server.recording.events import EndReason, PartClosed, PartOpened
from media_server.rtp.sources import MOST_ADDRESSES
from tests.media_server.publishing import Stage, decodes, port_of
from tests.media_server.sender import stretch
from tests.media_server.webrtc_sender import WebrtcSender

JUNK_EACH = 12


async def test_it_records_whole_and_keeps_nothing(stage: Stage, sender: WebrtcSender) -> None:
    publisher = stage.publisher()
    answer = await publisher.answer(await sender.offer())
    await sender.accept(answer)
    dtls = publisher._peer._dtls
    assert dtls is not None
    connection = dtls.transport._connection
    here = ("127.0.0.1", port_of(answer))
    [own] = [
        each.transport for each in sender.peer.getTransceivers()[0].sender.transport.transport._connection._protocols
    ]
    rng, kinds, sent = random.Random(3), list(DATAGRAMS.values()), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))
        for arrival in stretch():
            for _ in range(JUNK_EACH):
                data = rng.choice(kinds)(rng)
                if rng.random() < 0.2:
                    own.sendto(data, here)  # as if somebody had forged the sender's address
                else:
                    stranger.sendto(data, here)
                sent += 1
            await sender.send_all([arrival])
    assert sent > 1_000
    await stage.until(lambda: stage.told(PartOpened))
    assert connection._queue.qsize() <= 64
    assert len(connection._remote_candidates) < 10
    door = publisher._peer._door
    assert door is not None
    assert len(door._sources) < MOST_ADDRESSES
    assert door.turned_away > sent / 2
    await publisher.close(EndReason.FINISHED)
    assert decodes(stage.part)[0] == 48
    assert len(stage.told(PartClosed)) == 1
