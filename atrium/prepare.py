"""`atrium migrate`: what a database needs before the platform can use it."""

import asyncio
from pathlib import Path

from atrium.attach import attached
from common.settings import CommonSettings, load
from migrations.state import heads_applied
from migrations.upgrade import upgrade


def migrate(data: Path) -> None:
    """Bring the database up to date and say what was done."""
    with attached(data, may_start=True):
        settings = load(CommonSettings)
        if asyncio.run(heads_applied(settings.database_url)):
            print("The database is up to date.")
            return
        password = settings.database_app_password
        upgrade(settings.database_url, app_password=password.get_secret_value() if password else None)
        print("The database has been migrated.")
