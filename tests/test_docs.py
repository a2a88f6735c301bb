"""The documents say everything that can be set and called, and nothing that is not there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from typer.core import TyperCommand, TyperGroup, TyperOption

from db import states
from signaling.protocol import interview_steps
from web.cli import app
from web.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
UNDOCUMENTED_FLAGS = {"--help", "--install-completion", "--show-completion"}


def settings_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from settings_of(section, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def row_of(name: str, field: FieldInfo) -> str:
    """How docs/settings.md lists a setting."""
    return f"| `{name}` | {default_of(field.default)} | {field.description} |"


def default_of(default: Any) -> str:
    match default:
        case None | () | "":
            return ""
        case tuple():
            return ", ".join(f"`{item}`" for item in default)
        case SecretStr():
            raise AssertionError("a secret has no default")
        case _:
            return f"`{default}`"


@pytest.mark.parametrize(("name", "field"), list(settings_of(Settings)))
def test_every_setting_is_listed_as_it_is(name: str, field: FieldInfo) -> None:
    assert field.description, f"{name} has no description"
    assert row_of(name, field) in (DOCS / "settings.md").read_text(encoding="utf-8").splitlines()


def test_no_setting_is_listed_that_is_not_there() -> None:
    listed = re.findall(r"^\| `([a-z_.]+)` \|", (DOCS / "settings.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(listed) == {name for name, _ in settings_of(Settings)}
    assert len(listed) == len(set(listed))


def commands(command: object, path: str = "holdfast") -> Iterator[tuple[str, TyperCommand]]:
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from commands(inner, f"{path} {name}")
    else:
        assert isinstance(command, TyperCommand)
        yield path, command


@pytest.mark.parametrize(("path", "command"), list(commands(typer.main.get_command(app))))
def test_every_command_and_flag_is_described(path: str, command: TyperCommand) -> None:
    text = (DOCS / "operate.md").read_text(encoding="utf-8")
    assert command.help, f"{path} has no help"
    section = re.search(rf"^### `{re.escape(path)}\b.*?(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"docs/operate.md has no section ### `{path} …`"
    flags = {flag for parameter in command.params if isinstance(parameter, TyperOption) for flag in parameter.opts}
    general = text.split("### `", 1)[0]
    missing = {flag for flag in flags - UNDOCUMENTED_FLAGS if flag not in section[0] and flag not in general}
    assert not missing, f"docs/operate.md does not describe {', '.join(sorted(missing))} of {path}"


def test_the_protocol_draws_the_tables_as_they_are() -> None:
    text = (DOCS / "protocol.md").read_text(encoding="utf-8")
    for diagram in (interview_steps.diagram(), states.interview_diagram()):
        assert f"```mermaid\n{diagram}\n```" in text


@pytest.mark.parametrize("document", sorted([*DOCS.rglob("*.md"), ROOT / "README.md"]), ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    broken = [link for link in links if not link.startswith("http") and not (document.parent / link).exists()]
    assert not broken, f"{document.name} links to {', '.join(broken)}"
