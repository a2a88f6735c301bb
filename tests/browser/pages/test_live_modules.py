"""What the live view is made of, called as it is served: reading a part's octets, and finding places."""

import base64
from itertools import pairwise
from typing import Any

import pytest
from playwright.async_api import Page

from media_server.webm.ebml import Element, children
from media_server.webm.part_head import INIT_SIZE
from media_server.webm.reader import blocks, scan
from tests.browser.pages.reducer import call
from tests.media_server.webm.image import PICTURE, SOUND, live_part, talk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ENTRIES = [
    {"position": 10, "timestamp_ms": 0, "keyframe": True},
    {"position": 20, "timestamp_ms": 1_000, "keyframe": False},
    {"position": 30, "timestamp_ms": 2_000, "keyframe": True},
]
PARTS = [
    {"n": 1, "open": False, "duration_ms": 4_000, "end": None},
    {"n": 3, "open": True, "duration_ms": 500, "end": 9},
]

READ = """
async ([octets, kinds, step]) => {
    const {BlockReader, headWith, readTracks} = await import(new URL('/static/hr/live_webm.js', location.href));
    const all = Uint8Array.from(atob(octets), (letter) => letter.charCodeAt(0));
    const [head, media] = [all.subarray(0, 500), all.subarray(69632)];
    const tracks = readTracks(head);
    const kept = tracks.filter(({kind}) => kinds.includes(kind));
    const reader = new BlockReader(tracks, 900);
    const pieces = [headWith(head, kept)];
    for (let at = 0; at < media.length; at += step)
        pieces.push(reader.take(media.subarray(at, at + step), at + step >= media.length, new Set(kinds), () => {}));
    const written = new Uint8Array(await new Blob(pieces).arrayBuffer());
    return [btoa(Array.from(written, (octet) => String.fromCharCode(octet)).join('')), tracks];
}
"""


async def rewritten(modules: Page, kinds: list[str], step: int) -> tuple[bytes, list[dict[str, Any]]]:
    image, _ = live_part(talk(3, late_ms=30))
    given = base64.b64encode(bytes(image.octets)).decode()
    written, tracks = await modules.evaluate(READ, [given, kinds, step])
    return base64.b64decode(written), tracks


async def test_the_tracks_of_a_head(modules: Page) -> None:
    _, tracks = await rewritten(modules, ["picture", "sound"], 1 << 20)
    assert [(track["number"], track["kind"], track["codec"]) for track in tracks] == [
        (PICTURE, "picture", "vp8"),
        (SOUND, "sound", "opus"),
    ]


@pytest.mark.parametrize("step", [1 << 20, 997])
@pytest.mark.parametrize("kinds", [["picture", "sound"], ["sound"], ["picture"]])
async def test_what_is_written_anew_holds_the_same_blocks_of_what_is_kept(
    modules: Page, kinds: list[str], step: int
) -> None:
    wanted = {"picture": PICTURE, "sound": SOUND}
    numbers = {wanted[kind] for kind in kinds}
    written, _ = await rewritten(modules, kinds, step)
    found = scan(written)
    assert found.tail.name == "WHOLE"
    got = [
        (block.track, block.timestamp_ms, block.keyframe, written[block.data_start : block.data_end])
        for block in blocks(written, found)
    ]
    given = [(g.track, g.timestamp_ms, g.keyframe, g.data) for g in talk(3, late_ms=30) if g.track in numbers]
    for number in numbers:
        assert [one for one in got if one[0] == number] == [one for one in given if one[0] == number]
    assert {block[0] for block in got} == numbers
    assert isinstance(next(children(written, 0, INIT_SIZE)), Element)


async def test_each_picture_is_shown_until_the_next_one(modules: Page) -> None:
    written, _ = await rewritten(modules, ["picture"], 1 << 20)
    durations = [int.from_bytes(piece[:4], "big") for piece in written.split(b"\x9b\x08\x00\x00\x00\x04")[1:]]
    times = [given.timestamp_ms for given in talk(3, late_ms=30) if given.track == PICTURE]
    assert durations == [*(after - before for before, after in pairwise(times)), 900]


@pytest.mark.parametrize(
    ("at_ms", "needs_picture", "position"), [(0, True, 10), (1_500, True, 10), (1_500, False, 20), (9_000, True, 30)]
)
async def test_where_reading_begins(modules: Page, at_ms: int, needs_picture: bool, position: int) -> None:
    entry = await call(modules, "hr/live_source.js", "entryFor", ENTRIES, at_ms, needs_picture)
    assert entry["position"] == position


async def test_without_a_whole_picture_reading_begins_where_it_can(modules: Page) -> None:
    assert (await call(modules, "hr/live_source.js", "entryFor", ENTRIES[1:2], 0, True))["position"] == 20


@pytest.mark.parametrize(("ms", "n", "offset"), [(0, 1, 0), (3_999, 1, 3_999), (4_000, 3, 0), (9_000, 3, 5_000)])
async def test_a_time_of_the_whole_is_a_place_in_a_part(modules: Page, ms: int, n: int, offset: int) -> None:
    place = await call(modules, "hr/live_player.js", "placeIn", PARTS, ms)
    assert (place["part"]["n"], place["offsetMs"]) == (n, offset)
    assert await call(modules, "hr/live_player.js", "startOf", PARTS, 3) == 4_000


HOLES = """
async (steps) => {
    const {Holes} = await import(new URL('/static/hr/live_holes.js', location.href));
    const holes = new Holes(['picture', 'sound'], 0, null);
    return steps.map(([what, ms]) => {
        if (what === 'newest') holes.reachedNewest();
        else if (what === 'at') return holes.present(ms).join('+');
        else holes.note({kind: what, ms, keyframe: false});
        return holes.isTorn;
    });
}
"""


async def test_a_track_that_stays_behind_is_missing_until_it_comes_again(modules: Page) -> None:
    stalled = [["picture", 1_000], ["sound", 1_800], ["at", 1_500], ["sound", 2_000], ["at", 500], ["at", 900]]
    assert (await modules.evaluate(HOLES, stalled))[2::3] == ["picture+sound", "sound"]
    assert (await modules.evaluate(HOLES, stalled))[4] == "picture+sound", "what was recorded before plays on"
    back = [*stalled, ["picture", 2_100], ["at", 2_050]]
    assert (await modules.evaluate(HOLES, back))[-1] == "picture+sound"
    silent = [["picture", 3_000], ["sound", 100], ["at", 2_000]]
    assert (await modules.evaluate(HOLES, silent))[-1] == "picture"


async def test_a_picture_that_was_appended_as_the_newest_and_was_not_is_told(modules: Page) -> None:
    assert (await modules.evaluate(HOLES, [["picture", 0], ["newest", 0], ["picture", 800]]))[-1] is False
    assert (await modules.evaluate(HOLES, [["picture", 0], ["newest", 0], ["picture", 1_000]]))[-1] is True
    assert (await modules.evaluate(HOLES, [["picture", 0], ["picture", 5_000]]))[-1] is False
