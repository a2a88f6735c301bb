"""Marks find their place: late, out of order, with clocks that make no sense, and with connections that end."""

from dataclasses import dataclass, field

from db.recordings import NewMark
from media_server.aio.capture import PartMoment
from signaling.aio.marks import WAIT_S, Marks
from signaling.aio.publishing import Publishing
from signaling.aio.stage import Stage
from signaling.protocol.interview_flow import MarkKind, MarkWanted
from signaling.protocol.offer import read_offer
from signaling.protocol.page_clock import Moment
from tests.fakes.publisher import FakePublisher
from tests.signaling.offers import captured

QUESTION = MarkWanted(MarkKind.QUESTION, 1, None)
TAKE = MarkWanted(MarkKind.TAKE, 1, 1)
TAKE_END = MarkWanted(MarkKind.TAKE_END, 1, 1)
NTP = 3_972_988_800.0


async def _nowhere() -> None:
    raise AssertionError("no part is opened here")


@dataclass
class Desk:
    """Marks of an interview of which one part is written."""

    stage: Stage = field(default_factory=Stage)
    noted: list[NewMark] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.publisher = FakePublisher("whip", _nowhere, lambda _: None)  # type: ignore[arg-type]  # never called
        self.publishing = Publishing("page-0001", "", read_offer(captured("chromium")), publisher=self.publisher)
        self.marks = Marks(self.stage, self.noted.append)
        self.stage.begin(self.publishing)

    def write_part(self, number: int = 1) -> None:
        self.stage.part_begun(self.publishing, number, 0.0)
        self.marks.part_begun(number, 0)

    @property
    def places(self) -> list[tuple[str, int, int]]:
        return [(mark.kind, mark.part, mark.offset_ms) for mark in self.noted]


async def test_a_mark_waits_for_sender_reports() -> None:
    desk = Desk()
    desk.write_part()
    desk.marks.want(TAKE, Moment(4.0, NTP), 4.1)
    desk.marks.tick(5.0)
    assert desk.publisher.asked == [(NTP, 4.0, False)] * 2
    assert not desk.marks.is_settled
    desk.publisher.located = PartMoment(1, 3_950)
    desk.marks.tick(6.0)
    assert desk.places == [("take", 1, 3_950)]
    assert desk.marks.is_settled


async def test_after_ten_seconds_the_best_there_is_counts() -> None:
    desk = Desk()
    desk.write_part()
    desk.publisher.located_at_last = PartMoment(1, 4_000)
    desk.marks.want(TAKE, Moment(4.0, NTP), 4.0)
    desk.marks.tick(4.0 + WAIT_S - 0.1)
    assert desk.places == []
    desk.marks.tick(4.0 + WAIT_S)
    assert desk.places == [("take", 1, 4_000)]


async def test_what_the_page_shows_later_lies_where_it_was_shown() -> None:
    desk = Desk()
    desk.write_part()
    desk.publisher.located = PartMoment(1, 7_000)
    desk.marks.want(QUESTION, Moment(4.0), 4.0, shown_with=3)
    desk.marks.shown(2, Moment(4.5, NTP), 4.6)
    assert desk.places == []
    desk.marks.shown(3, Moment(5.0, NTP + 1), 5.1)
    assert desk.publisher.asked == [(NTP + 1, 5.0, False)]
    assert desk.places == [("question", 1, 7_000)]


async def test_what_nobody_showed_lies_where_it_was_wanted() -> None:
    desk = Desk()
    desk.write_part()
    desk.publisher.located_at_last = PartMoment(1, 4_000)
    desk.marks.want(QUESTION, Moment(4.0), 4.0, shown_with=3)
    desk.marks.tick(14.0)
    assert desk.publisher.asked == [(None, 4.0, True)]
    assert desk.places == [("question", 1, 4_000)]


async def test_while_nothing_is_written_it_is_the_next_parts_beginning() -> None:
    desk = Desk()
    desk.marks.want(QUESTION, Moment(4.0), 4.0, shown_with=1)
    desk.marks.want(TAKE, Moment(4.0), 4.0, shown_with=1)
    desk.marks.tick(60.0)
    assert desk.publisher.asked == []
    desk.write_part(2)
    assert desk.places == [("question", 2, 0), ("take", 2, 0)]


async def test_a_part_that_goes_on_takes_it_where_it_goes_on() -> None:
    desk = Desk()
    desk.marks.want(TAKE, Moment(4.0), 4.0)
    desk.marks.part_begun(1, 30_000)
    assert desk.places == [("take", 1, 30_000)]


async def test_an_end_while_nothing_is_written_is_the_last_parts_end() -> None:
    desk = Desk()
    desk.stage.progress.closed_ms = {1: 9_000, 2: 4_000}
    desk.marks.want(TAKE_END, Moment(4.0), 4.0)
    assert desk.places == [("take_end", 2, 4_000)]


async def test_an_end_of_what_was_never_recorded_is_nowhere() -> None:
    desk = Desk()
    desk.marks.want(TAKE_END, Moment(4.0), 4.0)
    assert desk.marks.is_settled
    assert desk.places == []


async def test_a_connection_that_ends_takes_no_mark_with_it() -> None:
    desk = Desk()
    desk.write_part()
    desk.publisher.located_at_last = PartMoment(1, 321)
    desk.marks.want(QUESTION, Moment(4.0), 4.0, shown_with=1)
    desk.marks.part_closed(desk.publishing)
    assert desk.places == [("question", 1, 321)]


async def test_a_connection_that_knows_nothing_leaves_it_to_the_next_part() -> None:
    desk = Desk()
    desk.write_part()
    desk.marks.want(TAKE, Moment(4.0), 4.0)
    desk.marks.part_closed(desk.publishing)
    assert desk.places == []
    desk.write_part(2)
    assert desk.places == [("take", 2, 0)]


async def test_marks_never_go_back_whatever_the_clocks_say() -> None:
    desk = Desk()
    desk.write_part()
    desk.publisher.located = PartMoment(1, 5_000)
    desk.marks.want(TAKE, Moment(5.0, NTP), 5.0)
    desk.publisher.located = PartMoment(1, 4_200)  # the page's clock was set back
    desk.marks.want(TAKE_END, Moment(9.0, NTP), 9.0)
    assert desk.places == [("take", 1, 5_000), ("take_end", 1, 5_000)]


async def test_one_that_is_found_late_stays_before_those_after_it() -> None:
    desk = Desk()
    desk.write_part()
    desk.marks.want(QUESTION, Moment(4.0), 4.0, shown_with=1)
    desk.publisher.located = PartMoment(1, 6_000)
    desk.marks.want(TAKE, Moment(6.0, NTP), 6.0)
    desk.publisher.located = PartMoment(1, 8_000)
    desk.marks.shown(1, Moment(8.0, NTP), 8.0)
    assert desk.places == [("take", 1, 6_000), ("question", 1, 6_000)]


async def test_after_the_end_nothing_waits() -> None:
    desk = Desk()
    desk.marks.want(TAKE, Moment(4.0), 4.0)
    desk.marks.forget()
    assert desk.marks.is_settled
