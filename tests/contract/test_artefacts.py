"""The committed schemas say what the code says."""

from atrium.schemas import current_texts
from schema.store import stale_artefacts


def test_artefacts_are_fresh() -> None:
    assert stale_artefacts(current_texts()) == (), "run `atrium schema export` and commit the result"
