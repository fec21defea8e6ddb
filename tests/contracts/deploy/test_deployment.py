"""What stands in `deploy/` for systemd and for Kubernetes: taken by their own tools, and in accord with the bot."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config import Settings, check
from bot.config.environment import FILE_SUFFIX, VARIABLES
from tests.support.build.dockerfile import stages
from tests.support.build.wheel import ROOT, run_command

UNIT = ROOT / "deploy" / "systemd" / "dogwatch.service"
MANIFESTS = ROOT / "deploy" / "kubernetes"
KNOWN = {each.name: each for each in VARIABLES}
FINAL = stages()[-1]
SPARE_SECONDS = 10
"""Between the end of a stop in order and being killed."""


def is_known(variable: str) -> bool:
    return variable.removesuffix(FILE_SUFFIX) in KNOWN


# --- systemd


def settings_of_unit() -> list[tuple[str, str]]:
    return re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE)


def all_of(name: str) -> list[str]:
    return [value for key, value in settings_of_unit() if key == name]


@pytest.fixture
def installed_unit(tmp_path: Path) -> Path:
    """With the program where these tests have it: systemd looks whether it is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze (Debian's package systemd)")
    unit = tmp_path / UNIT.name
    unit.write_text(
        UNIT.read_text().replace("/opt/dogwatch/bin/dogwatch", str(Path(sys.executable).parent / "dogwatch"))
    )
    return unit


def test_systemd_takes_the_unit(installed_unit: Path):
    told = run_command(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(installed_unit)])

    assert told.stderr == ""


def test_the_unit_may_do_little(installed_unit: Path):
    """systemd's own judgement, from 0 (nothing) to 100 (everything)."""
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", str(installed_unit)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)

    assert judged.returncode == 0, judged.stdout[-300:] + judged.stderr


def test_the_unit_hands_over_its_secrets_as_files():
    told = dict(each.split("=", 1) for each in all_of("Environment"))
    credentials = dict(each.split(":", 1) for each in all_of("LoadCredential"))

    assert all(is_known(name) for name in told)
    assert [name for name in told if name in KNOWN and KNOWN[name].secret] == ["DATABASE_URL"], "a file, no password"
    files = {value.removeprefix("%d/") for name, value in told.items() if name.endswith(FILE_SUFFIX)}
    assert files == set(credentials)
    assert all(path == f"/etc/dogwatch/{name}" for name, path in credentials.items())
    assert told["DATABASE_URL"] == f"sqlite:///{all_of('WorkingDirectory')[0]}/dogwatch.db"
    assert all_of("StateDirectory") == ["dogwatch"]


def test_the_command_beside_the_unit_has_its_settings():
    told = dict(each.split("=", 1) for each in all_of("Environment"))
    credentials = dict(each.split(":", 1) for each in all_of("LoadCredential"))
    expected = {name: credentials.get(value.removeprefix("%d/"), value) for name, value in told.items()}
    script = UNIT.with_name("dogwatch")

    assert dict(re.findall(r"^([A-Z_]+)=(.*)$", script.read_text(), re.MULTILINE)) == expected
    assert f"cd {all_of('WorkingDirectory')[0]}\n" in script.read_text()
    assert script.stat().st_mode & 0o111
    subprocess.run(["/bin/sh", "-n", script], check=True)


def test_the_unit_waits_for_a_stop_in_order():
    settings = Settings()

    assert int(all_of("TimeoutStopSec")[0]) >= settings.drain_seconds + settings.stop_seconds + SPARE_SECONDS
    assert all_of("Type") == ["notify"]
    assert all_of("ExecReload") == ["/bin/kill -HUP $MAINPID"]
    assert all_of("RestartPreventExitStatus") == ["2"]


# --- Kubernetes


def objects(name: str) -> dict[str, dict[str, Any]]:
    return {each["kind"]: each for each in yaml.safe_load_all((MANIFESTS / name).read_text())}


BOTS = ["sqlite.yaml", "postgresql.yaml"]
SECRET = objects("secret.example.yaml")["Secret"]["stringData"]


def pod_of(name: str) -> dict[str, Any]:
    return dict(objects(name)["Deployment"]["spec"]["template"]["spec"])


def environment_of(name: str) -> dict[str, str]:
    return {each["name"]: each["value"] for each in pod_of(name)["containers"][0]["env"]}


@pytest.mark.parametrize("name", [*BOTS, "secret.example.yaml"])
def test_the_manifests_hold_to_the_schemas_of_kubernetes(name: str):
    """Strictly: a key that is not known is a mistake, not something to be passed over."""
    run_command(
        [str(Path(sys.executable).parent / "kubernetes-validate"), "--strict", "--quiet", str(MANIFESTS / name)]
    )


@pytest.mark.parametrize("name", BOTS)
def test_the_pod_may_do_little(name: str):
    pod = pod_of(name)
    (container,) = pod["containers"]
    uid, gid = (int(each) for each in FINAL.all("USER")[-1].value.split(":"))

    told = pod["securityContext"]
    assert (told["runAsNonRoot"], told["runAsUser"], told["runAsGroup"], told["fsGroup"]) == (True, uid, gid, gid)
    assert told["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False, "the cluster would set DOGWATCH_PORT"
    assert container["resources"]["limits"]["memory"] == "1Gi"


@pytest.mark.parametrize("name", BOTS)
def test_the_pod_is_told_what_the_bot_knows_and_its_secrets_by_file(name: str):
    told, pod = environment_of(name), pod_of(name)
    mounts = {each["name"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}

    assert all(is_known(variable) for variable in told)
    files = {value for variable, value in told.items() if variable.endswith(FILE_SUFFIX)}
    assert {value.rpartition("/")[0] for value in files} == {mounts["secrets"]}
    assert {value.rpartition("/")[2] for value in files} <= set(SECRET)
    assert set(mounts) == {each["name"] for each in pod["volumes"]}
    assert told["DOGWATCH_CONFIG"] == f"{mounts['config']}/dogwatch.toml"


def test_the_example_of_a_secret_holds_none():
    assert all(value.startswith("PUT ") or "USER:PASSWORD@HOST" in value for value in SECRET.values())
    assert {f"SLACK_{each}" for each in ("BOT_TOKEN", "APP_TOKEN")} <= {key.upper() for key in SECRET}


@pytest.mark.parametrize("name", BOTS)
def test_the_pod_asks_what_the_bot_answers_and_waits_for_its_stop(name: str):
    (container,) = pod_of(name)["containers"]
    drain = int(environment_of(name).get("DOGWATCH_DRAIN_SECONDS", Settings().drain_seconds))
    probes = {each: container[each]["httpGet"] for each in ("startupProbe", "livenessProbe", "readinessProbe")}
    ready = container["readinessProbe"]

    assert {each: got["path"] for each, got in probes.items()} == {
        "startupProbe": "/livez",
        "livenessProbe": "/livez",
        "readinessProbe": "/readyz",
    }
    assert {got["port"] for got in probes.values()} == {container["ports"][0]["name"]}
    assert container["ports"][0]["containerPort"] == int(FINAL.all("EXPOSE")[0].value) == Settings().port
    assert pod_of(name)["terminationGracePeriodSeconds"] >= drain + Settings().stop_seconds + SPARE_SECONDS
    if drain:
        assert drain > ready["periodSeconds"] * ready["failureThreshold"] + ready["timeoutSeconds"]


@pytest.mark.parametrize("name", BOTS)
def test_what_belongs_together_is_found_by_its_labels(name: str):
    found = objects(name)
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]

    assert found["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert found["Service"]["spec"]["selector"] == labels
    assert pod_of(name)["containers"][0]["image"].endswith(
        f":{FINAL.pairs('LABEL')['org.opencontainers.image.version']}"
    )


def test_a_file_of_sqlite_has_one_pod_and_postgresql_keeps_one_while_others_go():
    sqlite, postgresql = objects("sqlite.yaml"), objects("postgresql.yaml")

    assert sqlite["Deployment"]["spec"]["replicas"] == 1
    assert sqlite["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    assert sqlite["PersistentVolumeClaim"]["spec"]["accessModes"] == ["ReadWriteOnce"]
    state = next(each for each in pod_of("sqlite.yaml")["containers"][0]["volumeMounts"] if each["name"] == "state")
    assert state["mountPath"] == FINAL.all("VOLUME")[0].value
    assert environment_of("sqlite.yaml")["DATABASE_URL"] == FINAL.pairs("ENV")["DATABASE_URL"]

    assert postgresql["Deployment"]["spec"]["replicas"] == 2
    assert postgresql["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    assert environment_of("postgresql.yaml")["DATABASE_URL"] == "", "the image has one, and it is not this one"


@pytest.mark.parametrize("name", BOTS)
def test_the_configuration_in_the_manifest_has_no_mistakes(name: str, tmp_path: Path):
    (tmp_path / "dogwatch.toml").write_text(objects(name)["ConfigMap"]["data"]["dogwatch.toml"])

    assert check(tmp_path / "dogwatch.toml") == []
