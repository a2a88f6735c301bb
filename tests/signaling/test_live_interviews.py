"""What of a live interview the database keeps, and where trickled candidates go."""

import asyncio
from itertools import pairwise
from pathlib import Path

from sqlalchemy import text

from db.engine import Database
from db.states import InterviewState, PartState
from media_server.recording.events import EndReason, GapFound, PartGap
from media_server.rtp.packet import MediaKind
from signaling.protocol.whip import read_trickle
from tests.signaling.conftest import House, a_moment
from tests.signaling.publishing import publish


async def test_media_opens_a_part_where_the_candidates_files_are(house: House) -> None:
    await house.interview()
    await publish(house)
    assert (await house.row()).state is InterviewState.CONSENTED  # a connection is not yet media
    path = await house.publishers.last.media_arrives()
    assert path == Path("uploads/John_Doe_one/.parts/one/0001.webm")
    [part] = await house.parts()
    assert (part.state, part.path, part.user_agent) == (PartState.OPEN, str(path), "Test/1")
    assert (await house.row()).state is InterviewState.IN_PROGRESS


async def test_the_end_of_a_connection_closes_the_part_and_interrupts(house: House) -> None:
    await house.interview()
    published = await publish(house)
    await house.publishers.last.media_arrives()
    house.publishers.last.saves(15_000, 15_400)
    await house.live.end("one", published.whip_session)
    [part] = await house.parts()
    assert (part.state, part.end_reason, part.duration_ms) == (PartState.CLOSED, "closed_by_page", 15_000)
    assert (part.video_kbps, part.audio_kbps) == (226.7, 31.3)
    assert part.bitrate_windows[1] == {"start_ms": 10_000, "video_bps": 200_000, "audio_bps": 34_000}
    assert (await house.row()).state is InterviewState.INTERRUPTED
    assert (await house.live.snapshot("one")).saved_ms == 15_000


async def test_a_part_that_fell_silent_goes_on(house: House) -> None:
    await house.interview()
    await publish(house)
    publisher = house.publishers.last
    await publisher.media_arrives()
    publisher.saves(3_000, 3_000)
    publisher.falls_silent()
    snapshot = await house.live.snapshot("one")
    assert (snapshot.recording, snapshot.saved_ms) == (False, 3_000)
    publisher.returns()
    publisher.saves(4_000, 4_000)
    snapshot = await house.live.snapshot("one")
    assert (snapshot.recording, snapshot.part, snapshot.saved_ms) == (True, 1, 4_000)
    await publisher.close(EndReason.CLOSED_BY_PAGE)
    await house.live.close_all()
    [part] = await house.parts()
    assert (part.state, part.end_reason, part.duration_ms) == (PartState.CLOSED, "closed_by_page", 4_000)


async def test_gaps_are_written_down_with_the_part(house: House) -> None:
    await house.interview()
    published = await publish(house)
    await house.publishers.last.media_arrives()
    for start in range(0, 1_000, 10):
        house.publishers.last.loses(start, start + 5)
    await house.live.end("one", published.whip_session)
    [part] = await house.parts()
    assert len(part.gaps) == 100
    assert (part.gaps[3].track, part.gaps[3].start_ms, part.gaps[3].end_ms, part.gaps[3].reason) == (
        "audio",
        30,
        35,
        "lost",
    )


async def test_gaps_do_not_wait_for_the_end_nor_write_more_than_once_a_second(
    house: House, database_writes: list[float]
) -> None:
    await house.interview()
    await publish(house)
    await house.publishers.last.media_arrives()
    database_writes.clear()
    for start in range(20):
        house.publishers.last.loses(start, start + 1)
        await asyncio.sleep(0.1)
    while len((await house.parts())[0].gaps) < 20:
        await a_moment()
    assert len(database_writes) >= 2
    assert all(later - earlier > 0.9 for earlier, later in pairwise(database_writes))


async def test_what_the_database_cannot_take_now_it_gets_later(house: House) -> None:
    await house.interview()
    await publish(house)
    publisher = house.publishers.last
    await publisher.media_arrives()
    publisher.saves(5_000, 5_000)
    other = await Database.open(house.database.path)
    async with other.writing():
        closing = asyncio.ensure_future(publisher.close(EndReason.CLOSED_BY_PAGE))
        await asyncio.sleep(0.2)
        assert (await house.parts())[0].state is PartState.OPEN
    await closing
    while (await house.parts())[0].state is PartState.OPEN:
        await a_moment()
    await other.close()


async def test_what_the_database_refuses_for_good_holds_nothing_up(house: House) -> None:
    await house.interview()
    await publish(house)
    publisher = house.publishers.last
    await publisher.media_arrives()
    publisher.tell(GapFound(7, PartGap(MediaKind.PICTURE, 0, 1, "lost")))  # there is no part 7
    async with house.database.writing() as db_session:
        await db_session.execute(
            text("CREATE TRIGGER broken BEFORE INSERT ON gaps BEGIN SELECT RAISE(ABORT, 'x'); END")
        )
    publisher.loses(0, 5)
    live = house.live.registry._live["one"]
    assert await live.ledger.settle()
    await publisher.close(EndReason.CLOSED_BY_PAGE)
    assert await live.ledger.settle()
    assert (await house.parts())[0].state is PartState.CLOSED


FRAGMENT = (
    "a=ice-ufrag:exam\r\na=ice-pwd:exampleexampleexample0000\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:{mid}\r\n"
    "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n"
)


async def test_candidates_go_to_the_section_that_carries_the_transport(house: House) -> None:
    await house.interview()
    published = await publish(house)
    for mid in ("0", "1"):
        fragment = read_trickle(FRAGMENT.format(mid=mid))
        await house.live.trickle("one", published.whip_session, fragment, published.entity_tag)
    assert house.publishers.last.ice_candidates == [("0", "1 1 udp 1 192.0.2.1 5000 typ host")] * 2
