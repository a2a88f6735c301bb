"""The power is cut; what was announced as saved is there. `bench/power_cut.py` runs many more of these."""

from random import Random

import pytest

from tests.media_server.webm.disk_model import ModelDisk
from tests.media_server.webm.power_cut import PromiseBroken, Trace

TRACES = 500


def test_after_a_power_cut_everything_announced_is_there() -> None:
    outcomes = [Trace(seed).run() for seed in range(TRACES)]
    # The traces have to be ones that something could go wrong in.
    assert sum(outcome.announced for outcome in outcomes) > 10 * TRACES
    assert sum(outcome.written - outcome.announced for outcome in outcomes) > TRACES
    assert sum(outcome.cuts > 1 for outcome in outcomes) > TRACES / 10
    assert sum(outcome.kept > outcome.announced for outcome in outcomes) > TRACES / 10


class ForgetfulDisk(ModelDisk):
    """A disk whose syncs are lies."""

    def sync(self) -> None:
        pass


class NamelessDisk(ModelDisk):
    """A folder whose syncs are lies."""

    def sync_names(self) -> None:
        pass


@pytest.mark.parametrize("make_disk", [ForgetfulDisk, NamelessDisk])
def test_a_disk_that_lies_is_found_out(make_disk: type[ModelDisk]) -> None:
    broken = 0
    for seed in range(60):
        try:
            Trace(seed, make_disk).run()
        except PromiseBroken:
            broken += 1
    assert broken > 10


def test_synced_pages_survive_and_others_come_in_any_version() -> None:
    disk = ModelDisk()
    disk.write(0, b"a" * 5000)
    disk.sync()
    disk.write(4990, b"b" * 20)
    disk.write(4995, b"c" * 5)
    seen = {disk.cut_power(Random(seed))[0] for seed in range(200)}
    assert all(content.startswith(b"a" * 4990) for content in seen)
    assert {content[4990:5000] for content in seen} == {b"a" * 10, b"b" * 10, b"bbbbbccccc"}
    assert {len(content) for content in seen} == {5000, 5010}
    assert any(content.endswith(bytes(10)) for content in seen)
    disk.sync()
    assert {disk.cut_power(Random(seed)) for seed in range(20)} == {
        (b"a" * 4990 + b"bbbbbccccc" + b"b" * 10, frozenset())
    }
