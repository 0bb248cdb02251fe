"""The settings as JSON Schema and as a page of documentation: both follow from the settings themselves."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from atrium.config_places import Known, known_settings

_REFERENCE = {"type": "string", "pattern": r"\$\{(env|file):[^{}]+\}"}

_HEAD = """\
# Settings

This page is made by `atrium config reference`; do not edit it.

Settings come from a file and from the environment. The file is `--config FILE`, or `ATRIUM_CONFIG`, or
`atrium.yaml` in the working directory. What the environment says wins over the file. Unknown keys and values
that do not fit are refused with line, column and what would fit; nothing is started.

```yaml
# yaml-language-server: $schema=atrium.schema.json    (atrium config schema > atrium.schema.json)
database_url: postgresql://atrium@db.internal/atrium
redis_url: redis://cache.internal/0
secret: ${file:/run/secrets/atrium}
mail:
  smtp_host: smtp.example.com
  smtp_password: ${env:SMTP_PASSWORD}
router:
  cors_origins: [https://app.example.com]
  limits:
    max_depth: 12
```

`${env:NAME}` and `${file:PATH}` are filled in from a variable of the environment, or from a file (relative to
the settings file; line breaks at its end are left out); `$${` is written where `${` is meant. In a variable,
lists stand with commas between, and mappings as JSON. Durations are written as in ISO 8601 (`PT15M`, `P7D`);
those of the router are seconds.

`atrium config check` says what is wrong with a file, and with `--for up|router|subgraph|worker` what is
missing to start. `atrium config print` shows what holds and where it comes from, without secrets. The file is
read once, when a process starts: changes need a restart.

Kubernetes puts variables of its own beside yours, such as `ATRIUM_ROUTER_PORT` for a service `atrium-router`,
and they would be refused: switch that off with `enableServiceLinks: false`.
"""


def json_schema() -> dict[str, Any]:
    """What a settings file may hold, for editors: JSON Schema 2020-12."""
    root = _object("Settings of an Atrium installation.")
    root = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "atrium.yaml", **root}
    for path, known in known_settings().items():
        section = root
        for name in path[:-1]:
            section = section["properties"].setdefault(name, _object(None))
        section["properties"][path[-1]] = _leaf(known)
    return root


def _object(about: str | None) -> dict[str, Any]:
    said = {} if about is None else {"description": about}
    return {**said, "type": ["object", "null"], "additionalProperties": False, "properties": {}}


def _leaf(known: Known) -> dict[str, Any]:
    schema = {name: value for name, value in known.schema.items() if name not in {"description", "title"}}
    default = {} if known.default is None else {"default": _typed(known.default, schema)}
    return {"description": f"{known.about} ({known.variable})", **default, "anyOf": [schema, _REFERENCE]}


def _typed(default: str, schema: Mapping[str, Any]) -> Any:
    match schema.get("type"):
        case "integer":
            return int(default)
        case "number":
            return float(default)
    return default


def markdown() -> str:
    """The page that lists all settings."""
    return _HEAD + "".join(_sections())


def _sections() -> Iterator[str]:
    for section, members in groupby(known_settings().values(), key=lambda known: known.path[:-1]):
        yield f"\n## {'.'.join(section) or 'At the top of the file'}\n\n"
        yield "| key | variable | default | |\n|---|---|---|---|\n"
        for known in members:
            default = "" if known.default is None else f"`{known.default}`"
            about = known.about.replace("|", "\\|")
            yield f"| `{known.path[-1]}` | `{known.variable}` | {default} | {about} |\n"
