"""A type has every field of its interfaces, also of those that it implements in another subgraph only."""

from collections.abc import Sequence

from schema.document.model import InterfaceType, ObjectType, Schema
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded
from schema.validate.supergraph.places import places_of


def check_implementations(supergraph: Schema, subgraphs: Sequence[Expanded], findings: Findings) -> None:
    """Note fields of interfaces that an implementing type has in no subgraph."""
    for type_ in supergraph.types.values():
        if not isinstance(type_, ObjectType | InterfaceType):
            continue
        for name in type_.interfaces:
            interface = supergraph.types.get(name)
            if not isinstance(interface, InterfaceType):
                continue
            for field in interface.fields.values():
                if field.name not in type_.fields:
                    findings.error(
                        Code.INTERFACE_FIELD_NO_IMPLEM,
                        f'"{type_.name}" implements interface "{name}" but has its field '
                        f'"{field.name}" in no '
                        f"subgraph: add the field to the type in one of them.",
                        *places_of(subgraphs, type_.name),
                        *places_of(subgraphs, name, field.name),
                    )
