"""What every test starts from: patience, which tests want the machine for themselves, and which get a second look."""

from pathlib import Path

import pytest
from playwright.async_api import expect

HERE = Path(__file__).parent

REAL_TIME = (HERE / "live", HERE / "media_server" / "test_assembly_in_chromium.py")
"Where media runs in real time and is measured: beside other tests a busy machine would be measured."

PATIENCE_MS = 30_000
"How long a page has to show what it is to show. It costs nothing where it does, and no test is about speed."

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make test` runs what is real time by itself, one after the other; decision 28 says who is looked at twice."""
    for item in items:
        is_real_time = any(item.path.is_relative_to(place) for place in REAL_TIME)
        if is_real_time:
            item.add_marker(pytest.mark.real_time)
        if is_real_time or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say who needed the second look and why, also when everything passed."""
    for report in terminalreporter.stats.get("rerun", []):
        why = getattr(report.longrepr, "reprcrash", None) or report.longrepr
        terminalreporter.write_line(f"RERUN {report.nodeid}: {why}")
