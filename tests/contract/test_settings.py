"""Every setting can be set by file and by environment, is documented, and known to the schema for editors."""

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from atrium.config_places import known_settings
from atrium.config_schema import json_schema, markdown
from atrium.environment import READ
from atrium.settings import PROCESSES
from common.setting_kinds import described
from common.settings import variables_of
from router.settings import VARIABLES, RouterSettings

DOCUMENTED = Path(__file__).parents[2] / "docs" / "settings.md"
KNOWN = list(known_settings().values())


def test_every_variable_has_one_place_in_the_file() -> None:
    read = frozenset[str]().union(VARIABLES, *(variables_of(each) for each in (*READ, *PROCESSES)))

    assert sorted(each.variable for each in KNOWN) == sorted(read - {"ATRIUM_CONFIG"})


def test_every_field_of_the_router_says_how_it_is_set() -> None:
    for each in fields(RouterSettings):
        described(each)


def test_every_setting_says_what_it_is_for_and_may_be() -> None:
    assert [each.name for each in KNOWN if not (each.about.endswith(".") and each.schema)] == []


def test_the_page_is_fresh() -> None:
    if os.environ.get("ATRIUM_GOLDEN") == "rewrite":
        DOCUMENTED.write_text(markdown(), encoding="utf-8")

    assert DOCUMENTED.read_text(encoding="utf-8") == markdown(), "ATRIUM_GOLDEN=rewrite writes it anew"


def _check(folder: Path, document: Any) -> subprocess.CompletedProcess[str]:
    (folder / "schema.json").write_text(json.dumps(json_schema()))
    (folder / "atrium.json").write_text(json.dumps(document))
    command = ["-m", "check_jsonschema", "--schemafile", "schema.json", "atrium.json"]
    return subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)


def test_the_schema_accepts_what_the_file_may_hold(tmp_path: Path) -> None:
    done = _check(
        tmp_path,
        {
            "secret": "${file:/run/secrets/atrium}",
            "mail": None,
            "auth": {"access_token_lifetime": "PT6M", "previous_secrets": ["thirty-two characters or more"]},
            "router": {
                "mask_errors": False,
                "limits": {"max_depth": 12, "max_aliases": "${env:ALIASES}"},
                "cors_origins": ["https://a.example"],
            },
        },
    )

    assert done.returncode == 0, done.stdout


def test_the_schema_refuses_what_the_file_may_not_hold(tmp_path: Path) -> None:
    done = _check(
        tmp_path, {"router": {"max_depth": 1, "limits": {"max_depth": 0}}, "mail": {"smtp_port": 70_000}}
    )

    assert done.returncode == 1
    assert "'max_depth' was unexpected" in done.stdout
    assert "$.router.limits.max_depth" in done.stdout
    assert "$.mail.smtp_port" in done.stdout


def test_the_schema_is_one(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(json_schema()))

    command = [sys.executable, "-m", "check_jsonschema", "--check-metaschema", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
