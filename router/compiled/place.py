"""An object at hand in generated code: from which answers its values come, and which entities join it.

The answers of several fetches that fill one object are never merged. The object stands in as many local
variables as there are answers; the tables of entity calls are looked up when something in them is needed.
"""

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from router.compiled.asked import Asked, AskedField, Types, declared_type, possible_types
from router.compiled.source import Lines, NotCompilable, Unanswered, each_of
from router.plan.nodes import EntityCall, Representation, RequiredField
from router.plan.paths import Each, Key, OnTypes, Path
from schema.supergraph.model import Supergraph

SEALED = "o"
"""The variable of an object of which only the key may be read."""


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """One entity call: its table is in `slot`. `position`: of its fetch in the plan.

    `ancestors`: positions of the fetches that have ended before it begins; keys come from them alone.
    `identity`: which fields of a representation tell entities apart, by number; settled by the first walk.
    """

    call: EntityCall
    asked: Asked
    position: int
    slot: int
    ancestors: frozenset[int]
    supergraph: Supergraph
    identity: tuple[int, ...] | None = None

    @property
    def is_of_one_kind(self) -> bool:
        """Every representation is sent under one name, which the plan knows."""
        first, *others = self.call.representations
        return not others and (first.typename or first.type) is not None

    @property
    def has_one_leaf(self) -> bool:
        """A representation is one plain value under one name."""
        fields = self.call.representations[0].fields
        return self.is_of_one_kind and len(fields) == 1 and not fields[0].selections

    def representation_of(self, types: Types) -> Representation | None:
        """How objects of these types are represented; None: not at all."""
        found = [each for each in self.call.representations if each.type is None or types == {each.type}]
        if len(found) > 1:
            raise NotCompilable("several representations of one type")
        if not found and any(each.type in types for each in self.call.representations):
            raise NotCompilable("represented by type, which is not known")
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A call whose path has come this far; `steps` are left."""

    steps: Path
    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A local variable that holds the object as one fetch answered it.

    `looked_up_by`: the (variable, key) whose value found it, where that alone did.
    """

    variable: str
    asked: tuple[Asked, ...]
    position: int
    looked_up_by: tuple[str, str] | None = None
    slot: int = -1

    def find(self, shown: str, types: Types) -> list[AskedField]:
        """The fields that the view has under this key."""
        return [each for asked in self.asked for each in asked.find(shown, types)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A local variable with the value of a field, in one view."""

    variable: str
    name: str
    view: View
    key: str
    below: tuple[Asked, ...]


Found = Sequence[tuple[str, tuple[Asked, ...], int]]
"""Variables with one value each, what was asked below, and by which fetch."""


class Impure(Exception):
    """More than the key of an object is needed to know what becomes of it."""


@dataclass(slots=True, kw_only=True)
class Place:
    """One object. `reads` are the values that local variables hold already.

    `is_told`: its `__typename` has been looked at. `is_sealed`: only its key, which is in `reads`, is known.
    """

    lines: Lines
    types: Types
    views: tuple[View, ...]
    cursors: tuple[Cursor, ...]
    reads: dict[tuple[str, str], str] = field(default_factory=dict)
    is_sealed: bool = False
    is_told: bool = False
    joined: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.cursors = tuple(_narrowed(self.cursors, self.types))

    def narrowed(self, types: Types, lines: Lines) -> "Place":
        """The same object, of fewer types, in a part of the code."""
        return replace(
            self, types=types, lines=lines, is_told=True, reads=dict(self.reads), joined=set(self.joined)
        )

    def known_of(self, name: str) -> Hashable:
        """What answers and calls have for objects of one type: equal for types that are treated alike."""
        types = frozenset((name,))
        fields = tuple(
            id(field)
            for view in self.views
            for asked in view.asked
            for field in asked.fields
            if field.types is None or name in field.types
        )
        calls = []
        for cursor in _narrowed(self.cursors, types):
            representation = cursor.call.representation_of(types)
            is_own = representation is not None and not (representation.typename or representation.type)
            calls.append((cursor.steps, cursor.call.slot, id(representation), name if is_own else None))
            calls.extend(
                (cursor.steps, cursor.call.slot, id(field), None)
                for field in cursor.call.asked.fields
                if field.types is None or name in field.types
            )
        return fields, tuple(calls)

    def names_behind(self, keys: Collection[str]) -> set[str]:
        """Names of the fields that any fetch asks for under these keys."""
        asked = [asked for view in self.views for asked in view.asked]
        asked += [cursor.call.asked for cursor in self.cursors if not cursor.steps]
        return {field.name for each in asked for field in each.fields if field.shown in keys}

    def values(self, shown: str, allowed: Iterable[int] | None = None) -> list[Value]:
        """The values under a key of the response tree, one for each fetch that answers it."""
        found = [
            self._value(view, shown) for view in self.views if allowed is None or view.position in allowed
        ]
        for cursor in self.cursors:
            call = cursor.call
            if cursor.steps or call.slot in self.joined:
                continue
            if allowed is not None and call.position not in allowed:
                continue
            if call.asked.find(shown, self.types):
                view = self.join(call)
                found.append(None if view is None else self._value(view, shown))
        return [each for each in found if each is not None]

    def has(self, shown: str, allowed: Iterable[int] | None = None) -> bool:
        """Whether any fetch answers this key."""
        part = replace(self, lines=self.lines.part(), reads=dict(self.reads), joined=set(self.joined))
        return bool(part.values(shown, allowed))

    def one(self, shown: str, allowed: Iterable[int] | None = None) -> str:
        """A variable with the value on which all fetches agree."""
        values = self.values(shown, allowed)
        if not values:
            raise Unanswered("nobody answers a field")
        return agreed(values, self.lines)

    def join(self, call: Call) -> View | None:
        """Look up the entity that stands for this object."""
        representation = call.representation_of(self.types)
        if representation is None:
            return None
        self.joined.add(call.slot)
        key, source = self.key_of(call, representation)
        variable = self.lines.fresh("e")
        self.lines.line(f"{variable} = t{call.slot}[{key}]")
        view = View(
            variable=variable,
            asked=(call.asked,),
            position=call.position,
            looked_up_by=source,
            slot=call.slot,
        )
        self.views = (*self.views, view)
        return view

    def key_of(self, call: Call, representation: Representation) -> tuple[str, tuple[str, str] | None]:
        """An expression for what identifies the entity, and where it was read if it is one plain value."""
        fields = representation.fields
        if call.identity is not None:
            fields = tuple(fields[number] for number in call.identity if number < len(fields))
        if len(fields) == 1 and not fields[0].selections and call.is_of_one_kind:
            values = self.values(fields[0].key, call.ancestors)
            if len(values) == 1:
                return values[0].variable, (values[0].view.variable, values[0].key)
        parts = [self.required(call, each) for each in fields]
        if len(parts) == 1 and not fields[0].selections and call.is_of_one_kind:
            return parts[0], None
        if not any(each.selections for each in fields):
            parts += [f"type({each})" for each in parts]
            key = f"({', '.join(parts)},)"
        else:
            key = f"hashable([{', '.join(parts)}])"
        return (key if call.is_of_one_kind else f"({self.sent_as(representation)!r}, {key})"), None

    def sent_as(self, representation: Representation) -> str:
        """The `__typename` of the representation."""
        sent = representation.typename or representation.type
        if sent is not None:
            return sent
        if len(self.types) > 1:
            raise NotCompilable("represented under its own type, which is not known")
        (own,) = self.types
        return own

    def required(self, call: Call, field: RequiredField) -> str:
        """A variable with what a representation holds under one field."""
        if field.on_types is not None:
            raise NotCompilable("requires what some types have")
        values = self.values(field.key, call.ancestors)
        if not values:
            raise Unanswered("nobody answers a required field")
        if not field.selections:
            return agreed(values, self.lines)
        declared = declared_type(call.supergraph, self.types, values[0].name)
        found = [(each.variable, each.below, each.view.position) for each in values]
        inner = _Required(call, field, declared.name)
        return inner.write(self.lines, found, declared.list_depth, self.cursors_below(field.key))

    def cursors_below(self, key: str) -> tuple[Cursor, ...]:
        """The calls that go on below a key."""
        return tuple(
            Cursor(each.steps[1:], each.call)
            for each in self.cursors
            if each.steps and each.steps[0] == Key(key)
        )

    def _value(self, view: View, shown: str) -> Value | None:
        fields = view.find(shown, self.types)
        if not fields:
            return None
        key = fields[0].key
        if any(each.key != key or each.name != fields[0].name for each in fields):
            raise NotCompilable("several fields under one key")
        below = tuple(each.below for each in fields if each.below is not None)
        variable = self.reads.get((view.variable, key))
        if variable is None:
            if self.is_sealed and view.variable == SEALED:
                raise Impure
            variable = self.lines.fresh("v")
            self.lines.line(f"{variable} = {view.variable}[{key!r}]")
            self.reads[view.variable, key] = variable
        return Value(variable=variable, name=fields[0].name, view=view, key=key, below=below)


@dataclass(frozen=True, slots=True)
class _Required:
    """A required field with selections."""

    call: Call
    field: RequiredField
    type_name: str

    def write(self, lines: Lines, found: Found, depth: int, cursors: tuple[Cursor, ...]) -> str:
        """A variable with the value cut out of the answers."""
        variables = [variable for variable, _, _ in found]
        all_or_none(lines, variables)
        result = lines.fresh("r")
        lines.line(f"{result} = None")
        with lines.block(f"if {variables[0]} is not None:"):
            if depth:
                items = items_of(lines, variables)
                lines.line(f"{result} = []")
                with lines.block(each_of(items, variables)):
                    inner = renamed(found, items)
                    item = self.write(lines, inner, depth - 1, items_below(cursors))
                    lines.line(f"{result}.append({item})")
            else:
                types = possible_types(self.call.supergraph, self.type_name)
                place = Place(lines=lines, types=types, views=views_of(found), cursors=cursors)
                members = [
                    f"{each.name!r}: {place.required(self.call, each)}" for each in self.field.selections
                ]
                lines.line(f"{result} = {{{', '.join(members)}}}")
        return result


def views_of(found: Found) -> tuple[View, ...]:
    """The object that these variables hold."""
    return tuple(View(variable=variable, asked=asked, position=at) for variable, asked, at in found)


def renamed(found: Found, variables: Iterable[str]) -> Found:
    """The same in other variables."""
    return [(name, asked, at) for name, (_, asked, at) in zip(variables, found, strict=True)]


def all_or_none(lines: Lines, variables: Sequence[str]) -> None:
    """Several answers to one field are all null, or none of them."""
    if len(variables) > 1:
        nulls = ", ".join(f"{each} is None" for each in variables)
        lines.line(f"if len({{{nulls}}}) > 1: raise Surprise")


def items_of(lines: Lines, variables: Sequence[str]) -> list[str]:
    """Names for the items of lists, which they are seen to be."""
    for variable in variables:
        lines.line(f"if type({variable}) is not list: raise Surprise")
    return [lines.fresh("o") for _ in variables]


def agreed(values: Sequence[Value], lines: Lines) -> str:
    """A variable with the leaf that all values are."""
    if len(values) == 1:
        return values[0].variable
    variable = lines.fresh("v")
    lines.line(f"{variable} = same({', '.join(each.variable for each in values)})")
    return variable


def items_below(cursors: Iterable[Cursor]) -> tuple[Cursor, ...]:
    """The calls that go on below every item of a list."""
    return tuple(Cursor(each.steps[1:], each.call) for each in cursors if each.steps[:1] == (Each(),))


def _narrowed(cursors: Iterable[Cursor], types: Types) -> Iterable[Cursor]:
    for cursor in cursors:
        steps = cursor.steps
        while steps and isinstance(steps[0], OnTypes):
            if not types <= steps[0].names:
                break
            steps = steps[1:]
        if steps and isinstance(steps[0], OnTypes) and types.isdisjoint(steps[0].names):
            continue
        yield Cursor(steps, cursor.call)
