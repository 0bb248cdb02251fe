"""How one type reference relates to another: the same, stricter about null, laxer, or something else."""

from enum import Enum, auto

from schema.document.values import Named, NonNull, TypeRef


class Fit(Enum):
    """What became of a type reference."""

    SAME = auto()
    TIGHTER = auto()
    """Non-null somewhere it was not."""
    LOOSER = auto()
    """Nullable somewhere it was not."""
    MIXED = auto()
    """Tighter here and looser there."""
    OTHER = auto()
    """Another type or other lists."""


def fit_of(old: TypeRef, new: TypeRef) -> Fit:
    """What became of `old`."""
    if old == new:
        return Fit.SAME
    before, after = _layers(old), _layers(new)
    if before[-1] != after[-1] or len(before) != len(after):
        return Fit.OTHER
    pairs = list(zip(before[:-1], after[:-1], strict=True))
    tighter = any(not was and now for was, now in pairs)
    looser = any(was and not now for was, now in pairs)
    if tighter and looser:
        return Fit.MIXED
    return Fit.TIGHTER if tighter else Fit.LOOSER


def _layers(ref: TypeRef) -> list[bool | str]:
    """Whether each layer is non-null, from the outermost, then the name: `[T!]` is False, True, T."""
    layers: list[bool | str] = []
    while True:
        is_non_null = isinstance(ref, NonNull)
        layers.append(is_non_null)
        inner = ref.of if isinstance(ref, NonNull) else ref
        if isinstance(inner, Named):
            return [*layers, inner.name]
        ref = inner.of
