"""Every setting there is, by its place in the settings file: found in the settings values themselves."""

import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass
from datetime import timedelta
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Annotated, Any, get_args, get_origin

from pydantic import SecretStr, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import subgraphs
from atrium.settings import PROCESSES
from common.mail import MailSettings
from common.setting_kinds import Kind
from common.settings import PREFIX, AtriumSettings, CommonSettings, Wrong, problems_of, variable_of
from common.telemetry.settings import TraceSettings
from router.settings import PLACES, RouterSettings, SettingRefused, with_variable

_ROUTER = "router"
_FILE = "ATRIUM_CONFIG"
"""Names the file, so it has no place in it."""

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One setting: `path` in the file, `variable` in the environment, what it is for and may be.

    `default` is how a person would write it; None: there is none, or something else decides.
    """

    path: Path
    variable: str
    about: str
    schema: Mapping[str, Any]
    default: str | None
    is_secret: bool
    is_list: bool
    is_json: bool

    @property
    def name(self) -> str:
        """The path with dots."""
        return ".".join(self.path)


@cache
def known_settings() -> Mapping[Path, Known]:
    """All of them, in the order in which they are documented."""
    owners = settings_values()
    sections = {section for owner in owners if (section := _section(owner))}
    found: dict[Path, Known] = {}
    for owner in owners:
        for known in _of_values(owner, sections):
            if known.variable != _FILE:
                found.setdefault(known.path, known)
    for variable, place in PLACES.items():
        path = (_ROUTER, *place.path)
        assert path not in found, f"{path} is there twice"
        found[path] = Known(
            path=path,
            variable=variable,
            about=place.setting.about,
            schema=place.setting.kind.schema,
            default=_shown(place.default, place.setting.kind),
            is_secret=place.setting.is_secret,
            is_list=place.setting.kind.is_list,
            is_json=place.setting.kind.is_json,
        )
    return dict(sorted(found.items(), key=lambda entry: (len(entry[0]) > 1, entry[0][:-1])))


def settings_values() -> Sequence[type[AtriumSettings]]:
    """Every settings value but the router's: of all processes, of some, of each domain."""
    domains = [
        each
        for module in pkgutil.iter_modules(subgraphs.__path__)
        for each in vars(import_module(f"subgraphs.{module.name}.settings")).values()
        if isinstance(each, type) and issubclass(each, AtriumSettings) and each is not AtriumSettings
    ]
    return (CommonSettings, *PROCESSES, MailSettings, TraceSettings, *domains)


def wrong_values(given: Mapping[str, Any], texts: Mapping[str, str]) -> Sequence[Wrong]:
    """What does not fit among these values by their variables; `texts`: the same as variables have them."""
    found = {wrong.variable: wrong for owner in settings_values() for wrong in problems_of(owner, given)}
    for variable in sorted(set(texts) & set(PLACES)):
        try:
            with_variable(RouterSettings(), variable, texts[variable])
        except SettingRefused as refused:
            found[variable] = Wrong(variable=variable, message=refused.sentence)
    return list(found.values())


def _of_values(owner: type[AtriumSettings], sections: set[str]) -> Iterator[Known]:
    for name, info in owner.model_fields.items():
        variable = variable_of(owner, name)
        yield Known(
            path=_path(variable, sections),
            variable=variable,
            about=info.description or "",
            schema=_schema(info),
            default=_default(info),
            is_secret=_is_secret(info.annotation),
            is_list=False,
            is_json=_is_json(info.annotation),
        )


def _section(owner: type[AtriumSettings]) -> str:
    prefix: str = owner.model_config.get("env_prefix", PREFIX)
    return prefix.removeprefix(PREFIX).rstrip("_")


def _path(variable: str, sections: set[str]) -> Path:
    """ATRIUM_MAIL_SENDER becomes mail.sender, ATRIUM_SECRET becomes secret."""
    name = variable.removeprefix(PREFIX)
    for section in {*sections, _ROUTER.upper()}:
        if name.startswith(f"{section}_") and (section != "AUTH" or name not in _OF_ROUTERS):
            return (section.lower(), name.removeprefix(f"{section}_").lower())
    return (name.lower(),)


_OF_ROUTERS = frozenset({"AUTH_URL"})
"""Auth's address is no setting of auth."""


def _schema(info: FieldInfo) -> Mapping[str, Any]:
    annotated: Any = info.annotation
    for each in info.metadata:
        annotated = Annotated[annotated, each]
    schema = TypeAdapter(annotated).json_schema()
    variants = schema.get("anyOf", [schema])
    said = [variant for variant in variants if variant.get("type") != "null"]
    return said[0] if len(said) == 1 else {"anyOf": said}


def _default(info: FieldInfo) -> str | None:
    value = info.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined or value in ("", (), {}):
        return None
    if isinstance(value, timedelta):
        return str(TypeAdapter(timedelta).dump_python(value, mode="json"))
    return str(value.value if isinstance(value, Enum) else value)


def _shown(value: Any, kind: Kind) -> str | None:
    if value is None or value is MISSING or value in ((), frozenset()):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(sorted(map(str, value))) if kind.is_list else str(value)


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_is_secret(part) for part in get_args(annotation))


def _is_json(annotation: Any) -> bool:
    origin = get_origin(annotation)
    return origin in (dict, tuple, list) or any(_is_json(part) for part in get_args(annotation))
