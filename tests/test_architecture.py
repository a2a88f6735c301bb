"""The house keeps its shape: imports point downward, pure rooms stay pure, functions and modules stay small."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("db", "media_server", "signaling", "web")
LONGEST_FUNCTION = 50
LONGEST_MODULE = 400


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "versions" not in path.parts:  # migrations are frozen as they were written
                yield path


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_imports_point_downward() -> None:
    # In a process of its own: import-linter sets up logging and silences every logger that is there already.
    linter = Path(sys.executable).parent / "lint-imports"
    checked = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_no_function_is_long() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name} has {length} lines"
        for path in modules()
        for function in functions(ast.parse(path.read_text(encoding="utf-8")))
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    ]
    assert not long, "\n".join(long)


def test_no_module_is_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    long = [
        f"{path.relative_to(ROOT)} has {length} lines" for path, length in lengths.items() if length > LONGEST_MODULE
    ]
    assert not long, "\n".join(long)


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in modules()
        if (text := path.read_text(encoding="utf-8")).strip() and ast.get_docstring(ast.parse(text)) is None
    ]
    assert not silent, "\n".join(silent)
