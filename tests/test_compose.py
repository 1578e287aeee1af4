"""compose.yaml holds together: names that are used are defined, settings exist, nothing is open to the network."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from review.settings import Settings

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_names_is_defined(name):
    service = SERVICES[name]
    assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
    assert {volume.split(":")[0] for volume in service.get("volumes", ())} <= set(COMPOSE["volumes"])
    assert set(service.get("depends_on", ())) <= set(SERVICES)
    named = {v.removeprefix("/run/secrets/") for k, v in service["environment"].items() if k.endswith("_FILE")}
    assert named == set(service.get("secrets", ()))


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_to_this_machine_alone(name):
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


def test_only_the_desk_starts_unless_the_profile_is_asked_for():
    assert [name for name, service in SERVICES.items() if not service.get("profiles")] == ["desk"]
    assert {tuple(service.get("profiles", ())) for service in SERVICES.values()} == {(), ("odoo",)}


def test_the_desk_is_given_settings_that_exist():
    given = {name.removeprefix("TRIAGE_").lower() for name in SERVICES["desk"]["environment"]}
    assert given <= set(Settings.model_fields)
    assert "odoo.key" in (ROOT / ".gitignore").read_text(encoding="utf-8")
