"""A candidate's tab in whichever browser, with the drawn camera: what a person can do there, and what can happen to it."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from playwright.async_api import BrowserContext, Page

from tests.live.browser import CandidatePage
from tests.live.decode import FRAMES_PER_SECOND
from tests.live.harness import until
from tests.live.network import BadNetwork
from tests.live.scenarios import crash_tab

PRESSES = Path(__file__).parent / "presses.js"

DOCK_ONWARD = ".dock__actions .button--primary[data-wish]"
"What a candidate presses to come to the interview's end."

SHOWN_WITHIN_S = 30.0
RECORDING_WITHIN_S = 60.0

# Presses what leads on towards the interview; the same button again only when it has led nowhere for two seconds.
_ONWARD = """(() => {
  const isShown = (element) => element?.checkVisibility() === true;
  if (isShown(document.querySelector('section[data-screen="interview"]'))) return 'there';
  const button = [...document.querySelectorAll('[data-go-on], #turn-on, #continue-interview')]
    .find((one) => isShown(one) && !one.disabled && one.ariaDisabled !== 'true');
  const now = performance.now();
  const last = window.holdfastOnward ?? {};
  if (!button || (last.button === button && now - last.at < 2000)) return '';
  window.holdfastOnward = {button, at: now};
  button.click();
  return 'pressed';
})()"""

_PRESS = """((selector) => {
  const button = [...document.querySelectorAll(selector)]
    .find((one) => one.checkVisibility() && !one.disabled && one.ariaDisabled !== 'true');
  button?.click();
  return button !== undefined;
})(%s)"""

_IS_SHOWN = "[...document.querySelectorAll(%s)].some((one) => one.checkVisibility())"
_LIGHT = "document.querySelector('#light')?.dataset.light ?? ''"
_SAVED = "document.querySelector('#saved')?.dataset.saved ?? ''"


class Tab(Protocol):
    """Where an interview's link is open."""

    async def open(self, link: str) -> None:
        """Open the link in a fresh tab; the one before is gone."""
        ...

    async def reload(self) -> None:
        """Reload it."""
        ...

    async def crash(self) -> None:
        """Let its process die without a word."""
        ...

    async def cut(self) -> None:
        """Drop the path that its media take; a new connection finds another one."""
        ...

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page, as JSON allows it."""
        ...


@dataclass(slots=True)
class ChromiumTab:
    """In Chromium, through a relay."""

    context: BrowserContext
    "A profile with the drawn camera."
    network: BadNetwork
    "Lies between its pages and the server."
    how_to_cut: Callable[[BadNetwork], None] = BadNetwork.cut
    "What drops a path."
    page: Page | None = None
    "The present tab."

    @classmethod
    async def of(
        cls, context: BrowserContext, network: BadNetwork, how_to_cut: Callable[[BadNetwork], None] = BadNetwork.cut
    ) -> Self:
        """Prepare the profile."""
        await context.add_init_script(path=PRESSES)
        await network.between(context)
        return cls(context, network, how_to_cut)

    async def open(self, link: str) -> None:
        """As :class:`Tab` says."""
        await self.close()
        self.page = await self.context.new_page()
        await self.page.goto(link)

    async def close(self) -> None:
        """Leave the page as a person does: it hears `pagehide`."""
        if self.page is not None and not self.page.is_closed():
            await self.page.close(run_before_unload=True)
        self.page = None

    async def reload(self) -> None:
        """As :class:`Tab` says."""
        await self._there.reload()

    async def crash(self) -> None:
        """As :class:`Tab` says."""
        await crash_tab(CandidatePage(self._there), self.network)

    async def cut(self) -> None:
        """As :class:`Tab` says."""
        self.how_to_cut(self.network)

    async def evaluate(self, expression: str) -> Any:
        """As :class:`Tab` says."""
        return await self._there.evaluate(expression)

    @property
    def _there(self) -> Page:
        assert self.page is not None, "nothing is open"
        return self.page


@dataclass(frozen=True, slots=True)
class CameraClock:
    """What the camera of a tab says at a moment."""

    started_at: float
    "Wall time, seconds, of counter 0."
    counter: int
    "The counter that is due."
    last_drawn: int
    "The last one that was given to the camera."


async def camera_clock(tab: Tab) -> CameraClock:
    """Read it."""
    started_ms, counter, last = await tab.evaluate(
        "[holdfastSource.startedAt, holdfastSource.counter, holdfastSource.drawn.at(-1) ?? 0]"
    )
    return CameraClock(started_ms / 1_000, int(counter), int(last))


async def consent(tab: Tab) -> None:
    """Tick and go on."""
    await shown(tab, "#consent-tick")
    await press(tab, "#consent-tick")
    await press(tab, "#continue")


async def go_on(tab: Tab) -> int:
    """Press whatever leads to the interview until it is there; how many presses that took."""
    presses = 0
    async with asyncio.timeout(SHOWN_WITHIN_S):
        while (came := await tab.evaluate(_ONWARD)) != "there":
            presses += came == "pressed"
            await asyncio.sleep(0.05)
    return presses


async def shown(tab: Tab, selector: str) -> None:
    """Wait until an element is shown."""
    await until(lambda: tab.evaluate(_IS_SHOWN % _text(selector)), within_s=SHOWN_WITHIN_S, every_s=0.05)


async def finish(tab: Tab) -> None:
    """Go through what is left without a word, finish, and wait for the thanks."""

    async def at_the_end() -> bool:
        if await tab.evaluate(_IS_SHOWN % _text("#finish")):
            return True
        await tab.evaluate(_PRESS % _text(DOCK_ONWARD))
        return False

    await until(at_the_end, within_s=SHOWN_WITHIN_S, every_s=0.3)
    await press(tab, "#finish")
    await press(tab, "#confirm-yes")
    await shown(tab, 'section[data-screen="thanks"]')


async def press(tab: Tab, selector: str) -> None:
    """Press a button as soon as it can be pressed."""
    await until(lambda: tab.evaluate(_PRESS % _text(selector)), within_s=SHOWN_WITHIN_S, every_s=0.05)


async def is_recording(tab: Tab) -> bool:
    """Whether the page says, on the server's word, that it is recorded."""
    return bool(await tab.evaluate(_LIGHT) == "recording")


async def recorded(tab: Tab) -> None:
    """Wait until the page says that it is recorded."""
    await until(lambda: is_recording(tab), within_s=RECORDING_WITHIN_S)


async def recorded_and_saved(tab: Tab) -> None:
    """Wait until the page says that it is recorded, and that something is saved."""

    async def both() -> bool:
        return await is_recording(tab) and await tab.evaluate(_SAVED) == "saved"

    await until(both, within_s=RECORDING_WITHIN_S, every_s=0.05)


async def runs_on(tab: Tab, seconds: float) -> None:
    """Wait until the camera's clock has gone on for that long."""
    goal = (await camera_clock(tab)).counter + seconds * FRAMES_PER_SECOND

    async def reached() -> bool:
        return (await camera_clock(tab)).counter >= goal

    await until(reached, within_s=seconds * 2 + 30, every_s=0.1)


async def last_press(tab: Tab) -> tuple[str, float]:
    """Which wish was pressed last, and what the camera's clock said."""
    seen = await tab.evaluate("holdfastPresses.at(-1)")
    return str(seen["wish"]), float(seen["counter"])


def _text(selector: str) -> str:
    return json.dumps(selector)
