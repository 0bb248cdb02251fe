"""What @key, @requires and @provides have in common: a field set that must make sense on a type."""

from dataclasses import dataclass, field

from schema.document.model import Composite, Directive, Field, InterfaceType, ObjectType, UnionType, kind_of
from schema.document.selection import (
    FieldSelection,
    FragmentSelection,
    NotAFieldSet,
    Selections,
    parse_field_set,
)
from schema.document.values import NonNull, base_name, print_value
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded
from schema.validate.graphql.values import misfit

COMPOSITE = ObjectType | InterfaceType | UnionType


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSetRules:
    """How strict a directive is about its field set, and its error codes."""

    not_text: Code
    invalid: Code
    has_directives: Code
    has_arguments: Code | None = None
    not_external: Code | None = None
    is_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSetCheck:
    """One field set being checked: whose it is and where it stands."""

    subgraph: Expanded
    findings: Findings
    rules: FieldSetRules
    use: Directive
    at: str
    problems: list[tuple[Code, str]] = field(default_factory=list)

    def run(self, parent: str) -> None:
        """Note everything wrong with the directive's field set on the named type."""
        self._read(parent)
        # What is no selection of fields at all need not be judged further.
        invalid = [problem for problem in self.problems if problem[0] == self.rules.invalid]
        for code, problem in invalid or self.problems:
            self.findings.error(code, f'@{self.use.name} on "{self.at}": {problem}.', self.use.place)

    def _read(self, parent: str) -> None:
        text = self.use.arguments.get("fields")
        if not isinstance(text, str):
            shown = "nothing" if text is None else print_value(text)
            self._error(self.rules.not_text, f"`fields` must be a string, not {shown}")
            return
        try:
            selections = parse_field_set(text)
        except NotAFieldSet as error:
            self._error(self.rules.invalid, f'"{text}" is no selection of fields: {error}')
            return
        type_ = self.subgraph.schema.types.get(parent)
        if isinstance(type_, COMPOSITE):
            self._check(type_, selections, under_external=False)

    def _error(self, code: Code, problem: str) -> None:
        self.problems.append((code, problem))

    def _check(self, parent: Composite, selections: Selections, *, under_external: bool) -> None:
        for item in selections:
            if item.has_directives:
                self._error(self.rules.has_directives, "directives are not allowed in `fields`; remove them")
            if isinstance(item, FragmentSelection):
                self._check_fragment(parent, item, under_external=under_external)
            elif item.alias:
                self._error(self.rules.invalid, f'alias "{item.alias}" is not allowed in `fields`; remove it')
            elif item.name != "__typename":
                self._check_field(parent, item, under_external=under_external)

    def _check_fragment(self, parent: Composite, item: FragmentSelection, *, under_external: bool) -> None:
        schema = self.subgraph.schema
        type_ = schema.types.get(item.on) if item.on else parent
        if not isinstance(type_, COMPOSITE):
            self._error(
                self.rules.invalid,
                f'"... on {item.on}" names no type with fields in this subgraph; define it there',
            )
        elif not schema.runtime_types(type_.name) & schema.runtime_types(parent.name):
            self._error(
                self.rules.invalid, f'a "{parent.name}" can never be a "{item.on}"; remove that fragment'
            )
        else:
            self._check(type_, item.selections, under_external=under_external)

    def _check_field(self, parent: Composite, item: FieldSelection, *, under_external: bool) -> None:
        found = None if isinstance(parent, UnionType) else parent.fields.get(item.name)
        at = f"{parent.name}.{item.name}"
        if found is None:
            self._error(
                self.rules.invalid,
                f'"{at}" does not exist in this subgraph; add it there'
                + (" (marked @external when another subgraph resolves it)" if not self.rules.is_key else ""),
            )
            return
        type_ = self.subgraph.schema.types.get(base_name(found.type))
        if self.rules.is_key and isinstance(type_, InterfaceType | UnionType):
            problem = f'"{at}" is of {kind_of(type_)} type `{found.type}`, which cannot be part of a key'
            self._error(Code.KEY_FIELDS_SELECT_INVALID_TYPE, f"{problem}; leave it out")
            return
        if problem := self._wrong_arguments(found, item):
            self._error(self.rules.invalid, problem)
        elif self.rules.has_arguments and found.arguments:
            self._error(
                self.rules.has_arguments,
                f'"{at}" has arguments, which are not allowed here; name another field',
            )
        is_external = self.subgraph.facts.is_external(parent.name, item.name)
        under_external = under_external or is_external
        if isinstance(type_, COMPOSITE) != bool(item.selections):
            what = "needs a selection of its fields" if isinstance(type_, COMPOSITE) else "has no fields"
            self._error(self.rules.invalid, f'"{at}" is `{found.type}` and {what}')
        elif isinstance(type_, COMPOSITE):
            under_external = under_external or self._is_external_below(parent, item.name)
            self._check(type_, item.selections, under_external=under_external)
        elif self.rules.not_external and not under_external:
            self._error(
                self.rules.not_external,
                f'"{at}" is resolved by this subgraph itself; leave it out of `fields`, or mark it @external '
                f"if another subgraph resolves it",
            )

    def _is_external_below(self, parent: Composite, name: str) -> bool:
        """Whether an implementation of the interface has the field from elsewhere."""
        if not isinstance(parent, InterfaceType):
            return False
        types = self.subgraph.facts.implementations.get(parent.name, ())
        return any(self.subgraph.facts.is_external(type_.name, name) for type_ in types)

    def _wrong_arguments(self, field: Field, item: FieldSelection) -> str:
        unknown = item.arguments.keys() - field.arguments.keys()
        if unknown:
            return f'"{field.name}" has no argument "{min(unknown)}"; remove it'
        for name, value in item.arguments.items():
            wanted = field.arguments[name].type
            if problem := misfit(value, wanted, self.subgraph.schema):
                return f'argument "{name}" of "{field.name}" does not fit `{wanted}`: {problem}'
        for argument in field.arguments.values():
            is_needed = isinstance(argument.type, NonNull) and argument.default is None
            if is_needed and argument.name not in item.arguments:
                return f'"{field.name}" needs argument "{argument.name}"; give it'
        return ""
