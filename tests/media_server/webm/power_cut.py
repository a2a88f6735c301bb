"""A recording that the power is cut from at a random moment, mended, and held against what was announced.

One trace is one seed: blocks of all sizes, on time and late, handed to the disk in batches; syncs every now and then;
the picture's size, closing, reopening; the name made before and changed afterwards. The power goes at any step, and
sometimes again while mending.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

from media_server.webm.actions import FileAction, Sync, Truncate, Write
from media_server.webm.file_head import read_head
from media_server.webm.mend import mend
from media_server.webm.part_head import HEAD_SIZE
from media_server.webm.reader import Tail, scan
from tests.media_server.webm.disk_model import PAGE, SECTOR, ModelDisk
from tests.media_server.webm.image import PICTURE, SOUND, Given, new_writer, read

PART, RECORDING = ".parts/0001.webm", "interview_video_20241128_120530.webm"

LONGEST_TRACE = 120
"Steps; one adds a block or does something to the file."


class PromiseBroken(Exception):  # noqa: N818  it says what happened
    """Something that was announced as saved is gone, or something else is there."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one trace came to."""

    written: int
    "Blocks that the writer was given."
    announced: int
    "Blocks that lay below a synced position when the power went."
    kept: int
    "Blocks that are there after mending."
    cuts: int
    "How often the power went."


class Trace:
    """One recording up to the moment when the power goes."""

    def __init__(self, seed: int, make_disk: Callable[..., ModelDisk] = ModelDisk) -> None:
        self._random = Random(seed)
        self._make_disk = make_disk
        self._grain = PAGE if self._random.random() < 0.8 else SECTOR
        self._disk = make_disk(grain=self._grain)
        self._writer = new_writer()
        self._waiting: deque[FileAction] = deque()
        self._written: list[tuple[Given, int]] = []
        self._announced_length = 0
        self._now_ms = 0
        self._is_open = True

    def run(self) -> Outcome:
        """Record, cut the power, mend. Raises :class:`PromiseBroken`."""
        moment = self._random.randrange(LONGEST_TRACE)
        for step, _ in enumerate(self._steps()):
            if step == moment:
                break
        content, names = self._disk.cut_power(self._random)
        announced = [given for given, end in self._written if end <= self._announced_length]
        if not names:
            if announced:
                raise PromiseBroken("the file has no name any more")
            return Outcome(len(self._written), 0, 0, 1)
        mended, cuts = self._mend(content)
        kept = self._check(mended, announced)
        return Outcome(len(self._written), len(announced), kept, cuts + 1)

    # The recording ------------------------------------------------------------------

    def _steps(self) -> Iterator[None]:
        """Live through a part; the power may go at every yield."""
        self._disk.make_name(PART)
        yield
        self._disk.sync_names()
        self._waiting.extend(self._writer.open())
        for _ in range(self._random.randint(1, LONGEST_TRACE)):
            self._do_something()
            yield from self._hand_over()
        self._waiting.extend(self._writer.close())
        yield from self._settle()
        self._disk.make_name(RECORDING)
        yield
        self._disk.sync_names()
        yield
        self._disk.remove_name(PART)
        yield
        self._disk.sync_names()

    def _do_something(self) -> None:
        chance = self._random.random()
        if not self._is_open:
            self._is_open = True
            self._waiting.extend(self._writer.reopen())
        elif chance < 0.04:
            self._is_open = False
            self._waiting.extend(self._writer.close())
        elif chance < 0.07:
            size = self._random.randint(16, 4096), self._random.randint(16, 4096)
            self._waiting.extend(self._writer.set_picture_size(*size))
        else:
            self._add_block()

    def _add_block(self) -> None:
        random = self._random
        self._now_ms += random.choice((0, 20, 20, 40, 700))
        track = random.choice((PICTURE, SOUND))
        late = random.choice((0, 0, 30, 500)) if track == PICTURE else 0
        keyframe = track == SOUND or random.random() < 0.1
        given = Given(track, max(0, self._now_ms - late), self._payload(large=keyframe and track == PICTURE), keyframe)
        self._waiting.extend(self._writer.add_block(given.track, given.timestamp_ms, given.data, keyframe=keyframe))
        self._written.append((given, self._writer.size))

    def _payload(self, *, large: bool) -> bytes:
        """Random octets, or ones that look like what a lost page leaves."""
        length = self._random.randint(0, 20_000 if large else 600)
        zeros = self._random.choice((0, 0, length // 2, length))
        return self._random.randbytes(length - zeros) + bytes(zeros)

    # The disk thread ------------------------------------------------------------------

    def _hand_over(self) -> Iterator[None]:
        """Write some of what waits, and sync every now and then."""
        for _ in range(self._random.choice((0, 1, 1, 2, len(self._waiting)))):
            if self._waiting:
                self._carry_out(self._waiting.popleft())
                yield
        if self._random.random() < 0.1:
            self._sync()
            yield

    def _settle(self) -> Iterator[None]:
        while self._waiting:
            self._carry_out(self._waiting.popleft())
            yield
        self._sync()

    def _carry_out(self, action: FileAction) -> None:
        if isinstance(action, Sync):
            self._sync()
        else:
            carry_out(self._disk, action)

    def _sync(self) -> None:
        self._disk.sync()
        self._announced_length = len(self._disk)

    # Afterwards -----------------------------------------------------------------------

    def _mend(self, content: bytes) -> tuple[bytes, int]:
        """Mend until the power stays; return what is there then, and how often it went."""
        cuts = 0
        _check_claim(content)
        while self._random.random() < 0.3:
            disk = self._make_disk(content, frozenset({PART}), grain=self._grain)
            actions = mend(content).actions
            carry_out_all(disk, actions[: self._random.randint(0, len(actions))])
            content, _ = disk.cut_power(self._random)
            _check_claim(content)
            cuts += 1
        disk = ModelDisk(content, grain=self._grain)
        carry_out_all(disk, mend(content).actions)
        disk.sync()
        return disk.cut_power(self._random)[0], cuts

    def _check(self, mended: bytes, announced: list[Given]) -> int:
        plan = mend(mended)
        if plan.is_empty:
            if announced:
                raise PromiseBroken(f"nothing is left of {len(announced)} announced blocks")
            return 0
        kept = read(mended)
        written = [given for given, _ in self._written]
        if len(kept) < len(announced) or kept != written[: len(kept)]:
            raise PromiseBroken(f"{len(announced)} blocks were announced; {len(kept)} are there, or others")
        found = scan(mended)
        if plan.actions != (Sync(),) or found.tail is not Tail.WHOLE or found.head.duration_ms is None:
            raise PromiseBroken("mending left something to mend")
        return len(kept)


def _check_claim(content: bytes) -> None:
    """A head that says the file is closed is true even before mending: length, duration, cues."""
    if any(content[:HEAD_SIZE]) and read_head(content[:HEAD_SIZE]).duration_ms is not None:
        plan = mend(content)
        if not plan.is_empty and plan.actions != (Sync(),):
            raise PromiseBroken("the head claims what is not so")


def carry_out(disk: ModelDisk, action: FileAction) -> None:
    match action:
        case Write(position, data):
            disk.write(position, data)
        case Truncate(length):
            disk.truncate(length)
        case Sync():
            disk.sync()


def carry_out_all(disk: ModelDisk, actions: Iterable[FileAction]) -> None:
    for action in actions:
        carry_out(disk, action)
