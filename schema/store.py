"""Reads and writes the committed artefacts: subgraphs, the supergraph and the client schema."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from schema.subgraph.model import Subgraph

ARTEFACTS = Path(__file__).parent / "artefacts"


def artefact_texts(subgraphs: Sequence[Subgraph], *, supergraph_sdl: str, api_sdl: str) -> Mapping[str, str]:
    """What the artefacts folder must hold: path within it → text, sorted, the same for the same input."""
    texts = {f"subgraphs/{subgraph.name}.graphql": _ended(subgraph.sdl) for subgraph in subgraphs}
    texts |= {"supergraph.graphql": _ended(supergraph_sdl), "api.graphql": _ended(api_sdl)}
    return {path: texts[path] for path in sorted(texts)}


def _ended(text: str) -> str:
    return text.strip("\n") + "\n"


def write_artefacts(texts: Mapping[str, str], folder: Path = ARTEFACTS) -> tuple[str, ...]:
    """Make the folder hold exactly these texts; the paths that were changed, written or removed."""
    changed = stale_artefacts(texts, folder)
    for path in changed:
        target = folder / path
        if path in texts:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(texts[path], encoding="utf-8")
        else:
            target.unlink()
    return changed


def stale_artefacts(texts: Mapping[str, str], folder: Path = ARTEFACTS) -> tuple[str, ...]:
    """The paths whose text in the folder is missing, different or no longer wanted."""
    present = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.graphql")
    }
    return tuple(path for path in sorted({*present, *texts}) if present.get(path) != texts.get(path))


def read_supergraph(folder: Path = ARTEFACTS) -> str:
    """The committed supergraph."""
    return (folder / "supergraph.graphql").read_text(encoding="utf-8")


def read_artefact_subgraphs(folder: Path = ARTEFACTS) -> Mapping[str, str]:
    """The committed SDL of each subgraph by name."""
    files = sorted((folder / "subgraphs").glob("*.graphql"))
    return {path.stem: path.read_text(encoding="utf-8") for path in files}
