"""@interfaceObject and keys on interfaces: entities seen as their interface (federation v2.3)."""

from schema.document.model import InterfaceType, ObjectType
from schema.document.selection import normal_form
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.facts import is_complete
from schema.subgraph.model import Expanded, uses


def check_interface_objects(subgraph: Expanded, findings: Findings) -> None:
    """Note interface objects that are no entities, and interface keys that implementations lack."""
    can_compare = not _has_broken_keys(subgraph)
    for type_ in subgraph.schema.types.values():
        if isinstance(type_, ObjectType):
            for use in uses(type_, "interfaceObject"):
                if not subgraph.facts.keys.get(type_.name):
                    findings.error(
                        Code.INTERFACE_OBJECT_USAGE_ERROR,
                        f'@{use.name} on "{type_.name}" needs an entity: add the @key of the interface.',
                        use.place,
                    )
        elif isinstance(type_, InterfaceType) and can_compare:
            _check_keys(subgraph, type_, findings)


def _has_broken_keys(subgraph: Expanded) -> bool:
    """Whether some key selects what does not exist, so that keys cannot be compared."""
    return any(
        not key.selections or not is_complete(subgraph.schema, name, key.selections)
        for name, keys in subgraph.facts.keys.items()
        for key in keys
    )


def _check_keys(subgraph: Expanded, interface: InterfaceType, findings: Findings) -> None:
    for key in subgraph.facts.keys.get(interface.name, ()):
        for type_ in subgraph.facts.implementations.get(interface.name, ()):
            own = [
                other
                for other in subgraph.facts.keys.get(type_.name, ())
                if normal_form(other.selections) == normal_form(key.selections)
            ]
            if not own:
                problem = f"lacks its @key(fields: {key.text!r}): add it"
            elif key.is_resolvable and not any(other.is_resolvable for other in own):
                problem = (
                    f"has its @key(fields: {key.text!r}) only with `resolvable: false`: make it resolvable"
                )
            else:
                continue
            findings.error(
                Code.INTERFACE_KEY_NOT_ON_IMPLEMENTATION,
                f'"{type_.name}" implements interface "{interface.name}" but {problem}.',
                key.use.place,
                type_.place,
            )
