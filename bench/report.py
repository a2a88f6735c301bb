"""Plain tables, with the command that made them under each."""

import sys
from collections.abc import Sequence

Cell = str | int | float | None


def print_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Print a table whose columns are as wide as they need to be: numbers right, words left."""
    texts = [[_text(cell) for cell in row] for row in rows]
    widths = [max(len(header), *(len(row[column]) for row in texts), 0) for column, header in enumerate(headers)]
    numeric = [all(isinstance(row[column], int | float | None) for row in rows) for column in range(len(headers))]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        )
        return "  ".join(padded).rstrip()

    print(f"\n{title}\n")
    print(line(headers))
    print(line(["-" * width for width in widths]))
    for row in texts:
        print(line(row))
    print(f"\n  {command()}", flush=True)


def print_verdict(wanted: str, *, met: bool) -> None:
    """One line that says whether what was promised holds."""
    print(f"  {'met' if met else 'MISSED'}: {wanted}", flush=True)


def command() -> str:
    """What was typed to make this."""
    module = sys.modules["__main__"].__spec__
    name = module.name if module is not None else sys.argv[0]
    return " ".join(["python -m", name, *sys.argv[1:]])


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return "-"
        case float():
            return f"{cell:.3f}" if abs(cell) < 1 else f"{cell:.2f}"
        case _:
            return str(cell)
