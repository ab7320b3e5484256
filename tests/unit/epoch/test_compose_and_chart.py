"""``deploy/compose.yaml`` and ``deploy/helm`` name commands, settings, services and versions that exist."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from epoch.cli.main import COMMANDS
from epoch.server.supervisor import WORKER_GRACE_SECONDS
from kit.settings import Settings, load_settings
from kit.version import VERSION
from support.production import PRODUCTION

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "epoch-voice"
VARIABLES = {"EPOCH_IMAGE": "epoch-voice:0.1.0", "EPOCH_HOST_NAME": "voice.example.com", "POSTGRES_PASSWORD": "secret"}
"""The contents of ``.env``, beside the secrets of ``epoch.env``."""
SECRETS = {name: value for name, value in PRODUCTION.items() if name not in ("EPOCH_ENV", "EPOCH_CARRIER")}
KNOWN_SETTINGS = set(re.findall(r'"((?:EPOCH|TWILIO)_\w+)"', (ROOT / "src" / "kit" / "settings.py").read_text()))


def filled(text: str) -> str:
    return re.sub(r"\$\{(\w+)(?::\?[^}]*)?\}", lambda found: VARIABLES[found[1]], text)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(filled((DEPLOY / "compose.yaml").read_text()))
    return found


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


def of_product(services: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The services that run the product's image."""
    return {name: service for name, service in services.items() if service["image"] == VARIABLES["EPOCH_IMAGE"]}


def settings_of(environ: dict[str, str]) -> Settings:
    return load_settings({**SECRETS, **environ})


def test_one_machine_has_every_part_once_and_two_web_workers(services: dict[str, dict[str, Any]]) -> None:
    commands = sorted(command for service in of_product(services).values() for command in service["command"])
    assert commands == ["jobs", "migrate", "serve", "serve"]
    assert set(commands) <= COMMANDS.keys()
    assert services.keys() - of_product(services).keys() == {"postgres", "pgbouncer", "valkey", "caddy"}


def test_every_image_has_a_version(services: dict[str, dict[str, Any]]) -> None:
    assert [
        service["image"]
        for service in services.values()
        if not re.search(r":v?\d+\.\d+\.?\d*[\w.-]*$", service["image"])
    ] == []


def test_what_a_service_refers_to_is_declared(compose: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        assert set(service.get("depends_on", {})) <= services.keys()
        assert set(service["networks"]) <= compose["networks"].keys()
        named = {volume.split(":")[0] for volume in service.get("volumes", ())}
        assert {name for name in named if not name.startswith("./")} <= compose["volumes"].keys()
        assert all((DEPLOY / name).exists() for name in named if name.startswith("./"))


def test_the_settings_are_those_of_production_behind_the_proxy(services: dict[str, dict[str, Any]]) -> None:
    for service in of_product(services).values():
        assert service["environment"].keys() <= KNOWN_SETTINGS
        settings = settings_of(service["environment"])
        assert settings.is_production
        assert settings.is_pooled_by_transaction
        hosts = [services[name] for name in re.findall(r"@(\w+):", " ".join(service["environment"].values()))]
        assert hosts == [services["pgbouncer"], services["postgres"]]
        assert (
            service["environment"]["EPOCH_TRUSTED_PROXIES"] == services["caddy"]["networks"]["inside"]["ipv4_address"]
        )
        assert int(service["stop_grace_period"].removesuffix("s")) > settings.drain_seconds + WORKER_GRACE_SECONDS
        assert service["read_only"] is True


def test_the_proxy_asks_every_web_worker_if_it_is_ready(services: dict[str, dict[str, Any]]) -> None:
    caddyfile = (DEPLOY / "Caddyfile").read_text()
    workers = [name for name, service in of_product(services).items() if service["command"] == ["serve"]]
    assert re.findall(r"reverse_proxy (.+) {", caddyfile) == [" ".join(f"{name}:8000" for name in workers)]
    assert "health_uri /health/ready" in caddyfile


def values() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    return found


def test_the_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == VERSION


def test_the_charts_settings_are_those_of_production_without_secrets() -> None:
    settings, comment = values()["settings"], (CHART / "values.yaml").read_text()
    assert settings.keys() <= KNOWN_SETTINGS
    secrets = set(re.findall(r"(?m)^# .*?((?:EPOCH|TWILIO)_.*)$", comment.split("secretName")[0].split("settings:")[1]))
    named = {name for line in secrets for name in re.findall(r"(?:EPOCH|TWILIO)_\w+", line)}
    assert named <= KNOWN_SETTINGS
    assert SECRETS.keys() - settings.keys() <= named
    assert not settings.keys() & named
    assert settings_of({**settings, "EPOCH_DATABASE_URL": "postgresql://epoch:x@db/epoch"}).is_production


def test_the_charts_pods_run_commands_as_the_images_user() -> None:
    templates = "\n".join(path.read_text() for path in (CHART / "templates").iterdir())
    components = set(re.findall(r'"component" "(\w+)"', templates))
    assert components == {"serve", "jobs", "migrate"}
    assert components <= COMMANDS.keys()
    (user,) = re.findall(r"(?m)^USER (\d+)$", (ROOT / "Dockerfile").read_text())
    assert f"runAsUser: {user}\n" in templates
    # A release named epoch has the Service epoch-serve, of which Kubernetes would make variables EPOCH_SERVE_….
    assert "enableServiceLinks: false\n" in templates
    drain = settings_of({**values()["settings"], "EPOCH_DATABASE_URL": "postgresql://epoch:x@db/epoch"}).drain_seconds
    for component in ("serve", "jobs"):
        assert values()[component]["terminationGracePeriodSeconds"] > drain + WORKER_GRACE_SECONDS
