"""@context and @fromContext: arguments that the router fills from a type above (federation v2.8)."""

import re
from dataclasses import dataclass

from schema.document.model import Directive, Field, InputValue, InterfaceType, ObjectType, Schema, UnionType
from schema.document.selection import (
    FieldSelection,
    FragmentSelection,
    NotAFieldSet,
    Selection,
    Selections,
    every_field,
    parse_field_set,
)
from schema.document.values import ListOf, NonNull, TypeRef, base_name, nullable
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.context import parse_context_value
from schema.subgraph.model import Expanded, has, uses

NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def check_contexts(subgraph: Expanded, findings: Findings) -> None:
    """Note contexts with unusable names, and arguments that take what no context gives."""
    for type_ in subgraph.schema.types.values():
        for use in uses(type_, "context"):
            name = str(use.arguments.get("name", ""))
            if not NAME.fullmatch(name):
                findings.error(
                    Code.CONTEXT_NAME_INVALID,
                    f'@{use.name} on "{type_.name}" has the name "{name}": use letters and '
                    f"digits only, a letter "
                    f"first.",
                    use.place,
                )
    for owner, field in subgraph.facts.fields:
        for argument in field.arguments.values():
            for use in uses(argument, "fromContext"):
                _Check(subgraph, findings, owner, field, argument, use).run()
    for definition in subgraph.schema.directives.values():
        for argument in definition.arguments.values():
            for use in argument.directives:
                if use.known_as == "fromContext":
                    message = (
                        f'@{use.name} cannot stand on "@{definition.name}({argument.name}:)": remove it.'
                    )
                    findings.error(Code.CONTEXT_NOT_SET, message, use.place)


@dataclass(frozen=True, slots=True)
class _Check:
    """One use of @fromContext being checked."""

    subgraph: Expanded
    findings: Findings
    owner: ObjectType | InterfaceType
    field: Field
    argument: InputValue
    use: Directive

    def run(self) -> None:
        """Note everything wrong with it."""
        if problem := self._misplaced():
            self._error(Code.CONTEXT_NOT_SET, problem)
            return
        if not any(key.is_resolvable for key in self.subgraph.facts.keys.get(self.owner.name, ())):
            self._error(
                Code.CONTEXT_NO_RESOLVABLE_KEY,
                f'"{self.owner.name}" needs a resolvable @key, by which the router can come '
                f"back with the value",
            )
        text = self.use.arguments.get("field")
        value = parse_context_value(text) if isinstance(text, str) else None
        if value is None or not value.selection.strip():
            self._error(
                Code.NO_CONTEXT_IN_SELECTION,
                'it names no context: write "$name { field }", the name being that of a @context above',
            )
            return
        types = self.subgraph.facts.contexts.get(value.context)
        if not types:
            self._error(
                Code.CONTEXT_NOT_SET,
                f'nothing in this subgraph sets context "{value.context}": put @context on a type above',
            )
            return
        try:
            selections = parse_field_set(value.selection)
        except NotAFieldSet as error:
            self._invalid(f'it is no selection: {error}; write "$name {{ field }}"')
            return
        for name in types:
            self._check_selection(name, selections)
        for item in selections:
            if (
                isinstance(item, FragmentSelection)
                and item.on
                and not any(self._is_for(item.on, name) for name in types)
            ):
                self._invalid(f'no type that sets the context is ever a "{item.on}"; remove its fragment')

    def _misplaced(self) -> str:
        schema = self.subgraph.schema
        if isinstance(self.owner, InterfaceType):
            return "it cannot stand on a field of an interface; put it on those of the implementing types"
        for name in self.owner.interfaces:
            interface = schema.types.get(name)
            if isinstance(interface, InterfaceType) and self.field.name in interface.fields:
                at = f"{name}.{self.field.name}"
                return f'it cannot stand on a field that implements "{at}"; remove one of the two'
        if self.argument.default is not None:
            return "the argument cannot have a default, as the router always gives it; remove the default"
        return ""

    def _error(self, code: Code, problem: str) -> None:
        at = f"{self.owner.name}.{self.field.name}({self.argument.name}:)"
        self.findings.error(code, f'@{self.use.name} on "{at}": {problem}.', self.use.place)

    def _invalid(self, problem: str) -> None:
        self._error(Code.CONTEXT_INVALID_SELECTION, problem)

    def _check_selection(self, type_name: str, selections: Selections) -> None:
        schema = self.subgraph.schema
        if has(schema.types[type_name], "interfaceObject"):
            self._invalid(f'"{type_name}" is an @interfaceObject, from which nothing can be taken')
            return
        if any(field.alias for field in every_field(selections)):
            self._invalid("aliases are not allowed in the selection; remove them")
        elif _has_directives(selections):
            self._invalid("directives are not allowed in the selection; remove them")
        else:
            self._check_types(type_name, selections)

    def _check_types(self, type_name: str, selections: Selections) -> None:
        schema = self.subgraph.schema
        fragments = [item for item in selections if isinstance(item, FragmentSelection) and item.on]
        if len({item.on for item in fragments}) < len(fragments):
            self._invalid("two fragments are for the same type; keep one")
        elif fragments and len(fragments) == len(selections):
            fitting = [item for item in fragments if self._is_for(item.on, type_name)]
            if not fitting:
                self._invalid(f'no fragment of the selection is for "{type_name}"; add one')
            for item in fitting:
                self._check_value(item.on, item.selections)
        elif fragments:
            self._invalid("fields and fragments cannot be mixed; use one fragment per type")
        else:
            targets = sorted(schema.runtime_types(type_name)) if _is_union(schema, type_name) else [type_name]
            for target in targets:
                self._check_value(target, selections)

    def _is_for(self, on: str, type_name: str) -> bool:
        """Whether a fragment on the one type is ever for the other."""
        schema = self.subgraph.schema
        return bool(schema.runtime_types(on) & schema.runtime_types(type_name)) or (
            isinstance(schema.types.get(on), InterfaceType) and type_name in _implementing(schema, on)
        )

    def _check_value(self, type_name: str, selections: Selections) -> None:
        if len(selections) != 1:
            self._invalid("it selects several values, but an argument takes one; select one field")
            return
        found = self._type_of(type_name, selections[0])
        if isinstance(found, str):
            self._invalid(found)
        elif not _fits(found, self.argument.type):
            self._invalid(
                f"it selects `{found}`, but the argument is `{self.argument.type}`; make them the same"
            )

    def _type_of(self, type_name: str, item: Selection) -> TypeRef | str:
        """The type of the one value that is selected; a sentence when there is none."""
        type_ = self.subgraph.schema.types.get(type_name)
        if not isinstance(item, FieldSelection) or not isinstance(type_, ObjectType | InterfaceType):
            return "it selects several values, but an argument takes one; select one field"
        field = type_.fields.get(item.name)
        if field is None:
            return f'"{type_name}.{item.name}" does not exist in this subgraph; add it, or select another'
        if not item.selections:
            target = self.subgraph.schema.types.get(base_name(field.type))
            is_leaf = not isinstance(target, ObjectType | InterfaceType | UnionType)
            return field.type if is_leaf else f'"{type_name}.{item.name}" needs a selection of its fields'
        if len(item.selections) != 1:
            return "it selects several values, but an argument takes one; select one field"
        below = self._type_of(base_name(field.type), item.selections[0])
        return below if isinstance(below, str) else _wrapped(field.type, below)


def _implementing(schema: Schema, interface: str) -> frozenset[str]:
    return frozenset(
        type_.name
        for type_ in schema.types.values()
        if isinstance(type_, ObjectType | InterfaceType) and interface in type_.interfaces
    )


def _is_union(schema: Schema, name: str) -> bool:
    return isinstance(schema.types.get(name), UnionType)


def _has_directives(selections: Selections) -> bool:
    return any(item.has_directives or _has_directives(item.selections) for item in selections)


def _wrapped(outer: TypeRef, inner: TypeRef) -> TypeRef:
    """The type of a value that lies below another: null when the outer one is null, a list for a list."""
    match outer:
        case NonNull(of=ListOf(of=of)):
            return NonNull(ListOf(_wrapped(of, inner)))
        case NonNull():
            return inner
        case ListOf(of=of):
            return ListOf(_wrapped(of, inner))
        case _:
            return nullable(inner)


def _fits(found: TypeRef, wanted: TypeRef) -> bool:
    """Whether the value may be given for the argument."""
    match found, wanted:
        case NonNull(of=inner), NonNull(of=other):
            return _fits(inner, other)
        case NonNull(of=inner), _:
            return _fits(inner, wanted)
        case _, NonNull():
            return False
        case ListOf(of=inner), ListOf(of=other):
            return _fits(inner, other)
        case _:
            return found == wanted
