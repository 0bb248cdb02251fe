"""The environment of a process, checked as a whole: everything that is wrong at once, in one line."""

import logging
import os
from collections.abc import Mapping, Sequence

from atrium.domains import DOMAINS
from atrium.failure import Failed
from atrium.limits import with_limits
from atrium.settings import PROCESSES, RelaySettings
from common.access.signing import private_key_from_text
from common.mail import MailNotConfigured, MailSettings, mailer_of
from common.settings import AtriumSettings, CommonSettings, SettingsError, load, refuse_unknown
from common.telemetry.logs import configure_logs
from common.telemetry.settings import TraceSettings
from common.telemetry.traces import configure_traces
from router.settings import ENVIRONMENT_PREFIX, RouterSettings

_PRIVATE_KEYS = ("ATRIUM_ROUTER_KEY", "ATRIUM_ARTEFACT_KEY")
_NOISY = ("uvicorn", "celery", "kombu")


READ: Sequence[type[AtriumSettings]] = (
    CommonSettings,
    MailSettings,
    RelaySettings,
    TraceSettings,
    *(domain.settings for domain in DOMAINS),
)
"""Every settings value of the platform."""


def check_environment(environment: Mapping[str, str]) -> None:
    """Return if the platform can run with this environment; raises Failed with all that is wrong."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        _check()
    finally:
        os.environ.clear()
        os.environ.update(before)


def _check() -> None:
    problems = [*_problems_of_settings(), *_problems_of_mail(), *_problems_of_keys()]
    others = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
    try:
        refuse_unknown(others, (*READ, *PROCESSES))
    except SettingsError as unknown:
        problems.append(str(unknown))
    try:
        with_limits(RouterSettings())
    except Failed as unknown:
        problems.append(str(unknown))
    if problems:
        raise Failed("; ".join(problems))


def prepare_process() -> CommonSettings:
    """The settings all processes share, with logs configured by them."""
    settings = load(CommonSettings)
    configure_logs(level=settings.log_level, as_json=not settings.is_development)
    try:
        configure_traces("atrium", load(TraceSettings))
    except SettingsError as missing:
        raise Failed(str(missing)) from missing
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    return settings


def _problems_of_settings() -> list[str]:
    problems = []
    for settings in READ:
        try:
            load(settings)
        except SettingsError as wrong:
            problems.append(str(wrong))
    return problems


def _problems_of_keys() -> list[str]:
    problems = []
    for name in _PRIVATE_KEYS:
        try:
            if text := os.environ.get(name):
                private_key_from_text(text)
        except ValueError:
            problems.append(f"{name} is no Ed25519 private key (see `atrium keys`)")
    return problems


def _problems_of_mail() -> list[str]:
    try:
        mailer_of(load(MailSettings))
    except MailNotConfigured as missing:
        return [str(missing)]
    except SettingsError:
        return []  # named already
    return []
