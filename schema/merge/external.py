"""Compares @external versions of a field with the field as it really is."""

from collections.abc import Sequence

from schema.document.model import Field
from schema.document.values import print_value
from schema.errors import Code
from schema.merge.references import is_subtype
from schema.merge.sources import Merging, Source, places, variants, where


def check_external(
    merging: Merging, coordinate: str, merged: Field, external: Sequence[Source[Field]]
) -> None:
    """Note where an @external field promises another type or other arguments than the field has."""
    wrong = [source for source in external if source.element.type != merged.type]
    if wrong:
        merging.findings.error(
            Code.EXTERNAL_TYPE_MISMATCH,
            f'Field "{coordinate}" is `{merged.type}`, but @external it is '
            f"{variants(wrong, [str(source.element.type) for source in wrong])}. "
            f"Write `{merged.type}` there.",
            *places(wrong),
            merged.place,
        )
    for name in merged.arguments:
        _check_argument(merging, coordinate, name, merged, external)


def _check_argument(
    merging: Merging, coordinate: str, name: str, merged: Field, external: Sequence[Source[Field]]
) -> None:
    argument = merged.arguments[name]
    at = f"{coordinate}({name}:)"
    missing = [source for source in external if name not in source.element.arguments]
    if missing:
        merging.findings.error(
            Code.EXTERNAL_ARGUMENT_MISSING,
            f'Argument "{at}" is missing from the @external field in {where(missing)}: add it.',
            *places(missing),
            merged.place,
        )
    having = [
        Source(source.subgraph, source.element.arguments[name])
        for source in external
        if name in source.element.arguments
    ]
    wrong = [source for source in having if not is_subtype(argument.type, source.element.type, {})]
    if wrong:
        merging.findings.error(
            Code.EXTERNAL_ARGUMENT_TYPE_MISMATCH,
            f'Argument "{at}" is `{argument.type}`, but on the @external field it is '
            f"{variants(wrong, [str(source.element.type) for source in wrong])}. "
            f"Write `{argument.type}` there.",
            *places(wrong),
        )
    other = [source for source in having if source.element.default != argument.default]
    if other:
        default = "no default" if argument.default is None else f"default {print_value(argument.default)}"
        merging.findings.error(
            Code.EXTERNAL_ARGUMENT_DEFAULT_MISMATCH,
            f'Argument "{at}" has {default}, but another one on the @external field in {where(other)}. '
            f"Write the same there.",
            *places(other),
        )
