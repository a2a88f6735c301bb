"""Where a part that is being written can be entered."""

from media_server.webm.open_index import MOST_ENTRIES, ClusterEntry, OpenIndex
from media_server.webm.part_head import FIRST_CLUSTER, INIT_SIZE
from media_server.webm.reader import blocks, scan
from tests.media_server.webm.image import PICTURE, live_part, talk


def test_only_what_is_on_the_disk_is_told() -> None:
    index = OpenIndex()
    index.add(100, 0, keyframe=True)
    index.add(900, 1_000, keyframe=False)
    assert index.entries() == []
    index.synced(900)
    assert index.entries() == [ClusterEntry(100, 0, keyframe=True)]
    index.synced(901)
    index.synced(300)
    assert index.end == 901
    assert [entry.position for entry in index.entries()] == [100, 900]
    assert index.entries(after=100) == [ClusterEntry(900, 1_000, keyframe=False)]


def test_clusters_in_quick_succession_share_an_entry_unless_a_whole_picture_begins_them() -> None:
    index = OpenIndex()
    for position, (timestamp_ms, keyframe) in enumerate(
        [(0, False), (400, False), (390, False), (700, True), (1_100, False), (1_700, False)]
    ):
        index.add(position, timestamp_ms, keyframe=keyframe)
    index.synced(100)
    assert [entry.timestamp_ms for entry in index.entries()] == [0, 700, 1_700]


def test_it_stays_bounded_and_keeps_its_order_and_its_keyframes() -> None:
    index = OpenIndex()
    count = 3 * MOST_ENTRIES
    for second in range(count):
        index.add(second * 40_000, second * 1_000, keyframe=second % 10 == 0)
    index.synced(count * 40_000)
    entries = index.entries()
    assert len(entries) <= MOST_ENTRIES
    assert entries == sorted(entries)
    assert (entries[0].timestamp_ms, entries[0].keyframe) == (0, True)
    assert entries[-1].timestamp_ms > (count - 20) * 1_000
    assert sum(entry.keyframe for entry in entries) > count / 10 * 0.9


def test_a_file_of_keyframes_alone_is_thinned_too() -> None:
    index = OpenIndex()
    for second in range(2 * MOST_ENTRIES):
        index.add(second, second * 1_000, keyframe=True)
    index.synced(2 * MOST_ENTRIES)
    assert MOST_ENTRIES // 2 <= len(index.entries()) <= MOST_ENTRIES


def test_the_head_and_what_follows_any_entry_are_a_file() -> None:
    image, writer = live_part(talk(9, late_ms=30))
    writer.index.synced(writer.size)
    octets = bytes(image.octets)
    entries = writer.index.entries()
    assert entries[0].position == FIRST_CLUSTER
    assert [entry.timestamp_ms for entry in entries if entry.keyframe] == [0, 2_000, 4_000, 6_000, 8_000]
    for entry in entries:
        entered = octets[:INIT_SIZE] + octets[entry.position : writer.index.end]
        first = next(blocks(entered, scan(entered)))
        assert first.timestamp_ms == entry.timestamp_ms
        assert not entry.keyframe or first.track == PICTURE
