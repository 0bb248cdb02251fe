"""`ATRIUM_ROUTER_*`: what an installation may change of the router's limits, timeouts and switches."""

import os

from atrium.failure import Failed
from router.settings import RouterSettings, SettingRefused, with_environment

KEYS = ("ATRIUM_ROUTER_KEY", "ATRIUM_ROUTER_PUBLIC_KEYS")
"""Who may ask whom: read elsewhere."""


def with_limits(settings: RouterSettings) -> RouterSettings:
    """The router's settings as the environment changes them; raises Failed."""
    try:
        return with_environment(settings, os.environ, others=KEYS)
    except SettingRefused as refused:
        raise Failed(str(refused)) from refused
