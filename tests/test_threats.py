"""The threat model names code and tests; what it names is there."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
THREATS = ROOT / "docs" / "threats.md"


@dataclass(frozen=True)
class Claim:
    """A row of the table of answers."""

    threat: str
    where: str
    test: str


def claims() -> list[Claim]:
    text = THREATS.read_text(encoding="utf-8").partition("## Answers")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line.startswith("| ")
    ]
    return [Claim(threat, where.strip("`"), test.strip("` ")) for threat, _, where, test in rows[1:]]


@cache
def named_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions if function.name.startswith("test_"))


@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.threat)
def test_every_claim_points_at_code_and_a_test(claim: Claim) -> None:
    assert (ROOT / claim.where).exists(), f"there is no {claim.where}"
    path, _, name = claim.test.partition("::")
    assert (ROOT / path).is_file(), f"there is no {path}"
    found = named_in(ROOT / path)
    assert found, f"{path} tests nothing"
    assert not name or name in found, f"{path} has no {name}"


def test_the_table_was_read() -> None:
    assert len(claims()) > 40
    assert len({claim.threat for claim in claims()}) == len(claims())


def test_every_dependency_is_pinned() -> None:
    """A known hole can only be looked up for a version that is known."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    loose = [
        line for line in lines if line and not re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s;]+(\s*;.*)?", line)
    ]
    assert not loose
