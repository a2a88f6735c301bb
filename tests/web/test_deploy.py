"""What lies under deploy/ fits the program: units, image, alerts and dashboard name what is there, and nothing else."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families
from typer.core import TyperGroup

from tests.web.conftest import Site
from web.cli import app
from web.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
OURS = re.compile(r"\b(?:holdfast|process)_[a-z_]+")
MADE_UP_BY_PROMETHEUS = {"up"}


def expressions() -> Iterator[str]:
    """Every PromQL expression of the alerts and the dashboard."""
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    dashboard = json.loads((DEPLOY / "grafana" / "holdfast.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel["targets"])


async def exported(http: ClientSession) -> tuple[set[str], set[str]]:
    """The names of all samples, and the labels that they bear."""
    async with http.get("/healthz"), http.get("/metrics") as response:
        families = list(text_string_to_metric_families(await response.text()))
    samples = [sample for family in families for sample in family.samples]
    return {sample.name for sample in samples}, {label for sample in samples for label in sample.labels}


async def test_alerts_and_dashboard_ask_for_what_is_exported(site: Site, http: ClientSession) -> None:
    await exported(http)
    names, labels = await exported(http)
    asked = [name for expression in expressions() for name in OURS.findall(expression)]
    assert asked
    assert set(asked) - names == set()
    assert labels <= {"le", "method", "route", "status"}


async def test_the_manual_lists_every_metric(site: Site, http: ClientSession) -> None:
    await exported(http)
    names, _ = await exported(http)
    listed = listed_metrics()
    told = {name for name in names if name.startswith("holdfast_") and not name.endswith("_created")}
    ours = {re.sub(r"_(bucket|count|sum)$", "", name) for name in told}
    assert ours - listed == set()
    assert listed - ours == set()


def listed_metrics() -> set[str]:
    """Names in the manual's table; `_lost_total` behind `holdfast_packets_received_total` stands for the same prefix."""
    found: set[str] = set()
    for row in re.findall(r"^\| (`holdfast_.*?) \|", (ROOT / "docs" / "operate.md").read_text("utf-8"), re.MULTILINE):
        prefix = ""
        for name in re.findall(r"`([a-z_]+)`", row):
            if name.startswith("_"):
                found.add(prefix + name)
            else:
                found.add(name)
                prefix = re.sub(r"_[a-z]+(_total)?$", "", name)
    return found


def test_every_alert_says_what_to_do() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    manual = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    for rule in rules["groups"][0]["rules"]:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        described = rule["annotations"]["description"]
        for title in re.findall(r"“(.+?)”", described):
            assert f"### {title}\n" in manual, f"{rule['alert']} leads to a section that is not there: {title}"


def test_the_dashboard_has_no_two_panels_in_one_place() -> None:
    panels = json.loads((DEPLOY / "grafana" / "holdfast.json").read_text(encoding="utf-8"))["panels"]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in panels}) == len(panels)


def check_command(words: list[str]) -> None:
    """That the program takes these words, from `serve` on."""
    command = typer.main.get_command(app)
    name, *rest = words
    assert isinstance(command, TyperGroup)
    chosen = command.commands[name]
    flags = {flag for parameter in chosen.params for flag in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= flags, words


@pytest.mark.parametrize("unit", sorted((DEPLOY / "systemd").iterdir()), ids=lambda path: path.name)
def test_units_are_right(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    for line in re.findall(r"^ExecStart=\S*/holdfast (.*)$", text, re.MULTILINE):
        check_command(shlex.split(line))
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    for other in (DEPLOY / "systemd").iterdir():
        program = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", other.read_text("utf-8"), flags=re.MULTILINE)
        (tmp_path / other.name).write_text(program)
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / unit.name], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_unit_leaves_little_to_an_intruder(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    checked = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=25", DEPLOY / "systemd" / "holdfast.service"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_image_is_made_of_what_is_there() -> None:
    text = (DEPLOY / "docker" / "Dockerfile").read_text(encoding="utf-8")
    copied = [
        source for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE) for source in line.split()[:-1]
    ]
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(copied) == let_in
    assert all((ROOT / source).exists() for source in copied)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert packages <= set(copied), "a package is not in the image"
    [command] = re.findall(r'^CMD (\["holdfast".*\])$', text, re.MULTILINE)
    check_command(json.loads(command)[1:])
    assert re.search(r"^USER holdfast$", text, re.MULTILINE)
    assert text.index("USER holdfast") > text.index("useradd")
    assert "/healthz" in text[text.index("HEALTHCHECK") :]
    assert "HOLDFAST_DATA=/data" in text


def compose() -> dict[str, Any]:
    text = (DEPLOY / "docker" / "compose.yaml").read_text(encoding="utf-8")
    values = dict(re.findall(r"^([A-Z_]+)=(.*)$", (DEPLOY / "docker" / "example.env").read_text(), re.MULTILINE))
    assert values.pop("TURN_SECRET") == "", "nobody's secret is everybody's"
    values["TURN_SECRET"] = "a-secret"
    filled = re.sub(r"\$\{([A-Z_]+)(?::\?)?\}", lambda match: values[match[1]], text)
    loaded: dict[str, Any] = yaml.safe_load(filled)
    return loaded


def test_the_compose_file_sets_what_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    service = compose()["services"]["holdfast"]
    check_command(service["command"][1:])
    for name, value in service["environment"].items():
        monkeypatch.setenv(name, value)
    settings: Settings = load_settings(None, {})
    assert settings.signaling.turn_secret is not None
    assert settings.web.trusted_proxies == ("127.0.0.1", "::1")
    assert settings.media.public_address == "198.51.100.7"
    assert settings.signaling.ice_servers[0] == "stun:turn.example.org:3478"
    assert (DEPLOY / "docker" / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]).is_file()


def test_coturn_and_the_proxy_fit_together() -> None:
    services = compose()["services"]
    words = services["coturn"]["command"]
    assert "--static-auth-secret=a-secret" in words
    assert "--allowed-peer-ip=198.51.100.7" in words
    ports = range(*(int(re.findall(rf"--{end}-port=(\d+)", " ".join(words))[0]) for end in ("min", "max")))
    ours = Settings().media.udp_port_range
    assert not set(ports) & set(ours), "coturn and Holdfast share a machine, not its ports"
    caddyfile = (DEPLOY / "docker" / "Caddyfile").read_text(encoding="utf-8")
    assert "reverse_proxy 127.0.0.1:8080" in caddyfile
    assert caddyfile.count("{") == caddyfile.count("}")
    for mounted in services["caddy"]["volumes"]:
        source = mounted.split(":")[0]
        assert not source.startswith("./") or (DEPLOY / "docker" / source).is_file()


def test_prometheus_reads_the_rules_that_are_there() -> None:
    configuration = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    assert all((DEPLOY / "prometheus" / rules).is_file() for rules in configuration["rule_files"])
    assert configuration["scrape_configs"][0]["job_name"] == "holdfast"


def troubleshooting() -> str:
    manual = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    return manual[manual.index("## Troubleshooting") : manual.index("## Behind nginx")]


def said_by_the_program() -> str:
    """Every sentence of the catalogue, and all source text with its broken strings joined again."""
    pieces = [(ROOT / "web" / "texts" / "en.json").read_text(encoding="utf-8")]
    for package in ("web", "signaling", "media_server", "db"):
        sources = [*(ROOT / package).rglob("*.py"), *(ROOT / package).rglob("*.js")]
        pieces += [re.sub(r'"\s*\n\s*f?"', "", path.read_text(encoding="utf-8")) for path in sources]
    return "\n".join(pieces)


def test_troubleshooting_quotes_what_is_really_said() -> None:
    everything = said_by_the_program()
    quoted = re.findall(r"“(.+?)”", troubleshooting())
    assert len(quoted) > 15
    made_of_numbers = {"Video recorded: 12.5 MB"}
    unsaid = [quote for quote in quoted if quote not in everything and quote not in made_of_numbers]
    assert not unsaid


def test_troubleshooting_answers_the_request_point_by_point() -> None:
    chapter = troubleshooting()
    titles = re.findall(r"^### (.*\?)$", chapter, re.MULTILINE)
    assert titles == ["Video Not Recording?", "Video Not Uploading?", "Video Not Downloading?", "Large File Size?"]
