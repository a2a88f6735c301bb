"""The fault matrix: every cell a test, on the real server. One server is tried with one fault for all four activities."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.episode import Outcome, run_episode, told
from tests.faults.matrix import MATRIX, Activity, Fault, table
from tests.faults.place import Template, make_template
from tests.live.harness import REPOSITORY

AT_ONCE = 2
"So many servers at once: they wait more than they compute."
SECONDS = 1.0
"How long a fault goes on after everybody has noticed it; `python -m bench.faults` lets each last as long as the page says."

CELLS = [(fault, activity) for fault, row in MATRIX.items() for activity in row]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the faults find open files where Linux shows them"),
    pytest.mark.asyncio(loop_scope="module"),
]


class Episodes:
    """Runs each fault once, as soon as a test needs it, and the next ones beside it."""

    def __init__(self, template: Template, folder: Path, wanted: list[Fault]) -> None:
        self._template = template
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._running = {fault: asyncio.ensure_future(self._run(fault, folder / fault.name)) for fault in wanted}

    async def _run(self, fault: Fault, folder: Path) -> dict[Activity, Outcome]:
        async with self._turn:
            await asyncio.to_thread(folder.mkdir)
            return await run_episode(self._template, fault, folder, SECONDS)

    async def of(self, fault: Fault) -> dict[Activity, Outcome]:
        """What came of a fault."""
        return await asyncio.shield(self._running[fault])

    async def close(self) -> None:
        """End what nobody waited for."""
        for running in self._running.values():
            running.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def episodes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Episodes]:
    items = [
        item for item in request.session.items if item.path == Path(__file__) and isinstance(item, pytest.Function)
    ]
    asked = [Fault(str(item.callspec.params["fault"])) for item in items if hasattr(item, "callspec")]
    template = await make_template(tmp_path_factory.mktemp("template"))
    episodes = Episodes(template, tmp_path_factory.mktemp("faults"), list(dict.fromkeys(asked)))
    yield episodes
    await episodes.close()


@pytest.mark.parametrize(
    ("fault", "activity"), CELLS, ids=[f"{fault.name}-{activity.name}" for fault, activity in CELLS]
)
async def test_nothing_that_was_saved_is_lost_and_it_goes_on(
    episodes: Episodes, fault: Fault, activity: Activity
) -> None:
    outcome = (await episodes.of(fault))[activity]
    cell = MATRIX[fault][activity]
    assert outcome.kept, told(outcome)
    assert outcome.went_on, told(outcome)
    assert cell.told in outcome.said, f"{cell.told!r} was not said\n{outcome.said[-6_000:]}"


async def test_the_matrix_has_every_cell_and_the_documentation_all_of_it() -> None:
    assert {fault: set(row) for fault, row in MATRIX.items()} == {fault: set(Activity) for fault in Fault}
    assert table() in (REPOSITORY / "docs" / "faults.md").read_text(encoding="utf-8")
