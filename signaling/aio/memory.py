"""Names that are remembered, within bounds."""

MAX_REMEMBERED = 1_440
"A day of reconnecting every minute; beyond it the oldest are forgotten."


def remember(memory: dict[str, None], name: str) -> None:
    """Keep a name, newest last, and forget the oldest beyond the bound."""
    memory.pop(name, None)
    memory[name] = None
    while len(memory) > MAX_REMEMBERED:
        del memory[next(iter(memory))]
