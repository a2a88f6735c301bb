"""The pure modules of the front end, called in the browser that runs them, and the events that the candidate's page knows."""

from typing import Any

from playwright.async_api import Page

Event = dict[str, Any]
Shown = dict[str, Any]

INTERVIEW: Event = {
    "state": "consented",
    "saved_ms": 0,
    "consent": {},
    "notice": {},
    "questions": [{"index": index, "text": f"Question {index}"} for index in (1, 2)],
}


def loaded(**changes: object) -> Event:
    return {"type": "loaded", "interview": {**INTERVIEW, **changes}, "now": 0}


PREPARATION = ("devices", "expectations", "practice")
TO_RECORDING: list[Event] = [
    loaded(),
    {"type": "turn_on_pressed"},
    {"type": "devices_opened", "hasPicture": True, "now": 0},
    *[{"type": "go_on_pressed", "now": 0}] * len(PREPARATION),
    {"type": "peer_changed", "n": 1, "peer": "connected", "now": 500},
]


def told(now: int, **message: object) -> Event:
    return {"type": "told", "message": message, "now": now, "at": 1_000_000 + now}


def saved(now: int, saved_ms: int, *, lag_ms: int = 300, recording: bool = True, **more: object) -> Event:
    part = 1 if recording else None
    return told(
        now, **{"type": "saved", "saved_ms": saved_ms, "lag_ms": lag_ms, "recording": recording, "part": part, **more}
    )


def tick(now: int) -> Event:
    return {"type": "tick", "now": now, "at": 1_000_000 + now}


def peer(n: int, state: str, now: int) -> Event:
    return {"type": "peer_changed", "n": n, "peer": state, "now": now}


async def call(page: Page, module: str, name: str, *arguments: object) -> Any:
    """One function of a module of ours."""
    script = "async ([module, name, given]) => (await import(`/static/${module}`))[name](...given)"
    return await page.evaluate(script, [module, name, arguments])


async def flow(page: Page, events: list[Event]) -> tuple[Shown, list[list[Any]]]:
    """What the candidate's page shows after these events, and the commands that each one gave."""
    script = """async (events) => {
        const {reduce, START} = await import("/static/candidate/flow.js");
        let flow = START;
        const commands = [];
        for (const event of events) {
            const [next, given] = reduce(flow, event);
            [flow, commands[commands.length]] = [next, given];
        }
        return [flow, commands];
    }"""
    shown, commands = await page.evaluate(script, events)
    return shown, commands
