"""From the answers to the response: what the client asked, with the entities joined where they belong.

The same as `projection.project` for answers in which nothing is amiss. An object of which only its key is
its own is made once for each key and stands in the response wherever the key does.
"""

from collections.abc import Hashable, Sequence

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    is_abstract_type,
    is_interface_type,
    is_object_type,
)

from router.compiled.asked import Asked, Truth, possible_types
from router.compiled.branches import branch_on_type
from router.compiled.guards import MAX_INT, MIN_INT
from router.compiled.place import (
    SEALED,
    Cursor,
    Found,
    Impure,
    Place,
    Value,
    View,
    all_or_none,
    items_below,
    items_of,
    renamed,
    views_of,
)
from router.compiled.source import Constants, Lines, NotCompilable, Unanswered, each_of
from router.compiled.walk import Grounds
from router.operation.model import Field, InlineFragment, Operation, SelectionSet
from router.projection.collect import collect
from schema.supergraph.model import Supergraph

_Sets = Sequence[SelectionSet]

_CHECKS = {
    "Int": (f"type({{v}}) is int and {MIN_INT} <= {{v}} <= {MAX_INT}", "as_integer"),
    "Float": ("type({v}) is float and {v} - {v} == 0", "as_float"),
    "String": ("type({v}) is str", "as_string"),
    "Boolean": ("type({v}) is bool", "refuse"),
    "ID": ("type({v}) is str", "as_id"),
}
"""What passes as it is, and the guard for everything else but null."""


def write_projection(
    operation: Operation,
    grounds: Grounds,
    *,
    schema: GraphQLSchema,
    supergraph: Supergraph,
    truth: Truth,
    constants: Constants,
) -> str:
    """The body of `project(D)`, without its head."""
    return _Projector(grounds, schema, supergraph, truth, constants).write(operation)


class _Projector:
    def __init__(
        self,
        grounds: Grounds,
        schema: GraphQLSchema,
        supergraph: Supergraph,
        truth: Truth,
        constants: Constants,
    ) -> None:
        self._grounds = grounds
        self._schema = schema
        self._supergraph = supergraph
        self._truth = truth
        self._constants = constants
        self._functions: dict[str, int] = {}

    def write(self, operation: Operation) -> str:
        root = self._schema.type_map[operation.selections.parent_type]
        assert is_object_type(root)
        lines = Lines(self._constants)
        place = self._grounds.place(lines, frozenset((root.name,)))
        expression = self._object(place, root, [operation.selections])
        heads = []
        for body, number in self._functions.items():
            heads.extend([f" m{number} = {{}}", f" def f{number}(k):", body])
        return "\n".join([*heads, *lines.text, f" return {expression}"])

    def _object(self, place: Place, declared: GraphQLOutputType, sets: _Sets) -> str:
        """An expression for the object, after the lines that it needs."""
        if is_object_type(declared):
            return self._of_type(place, declared, sets)
        assert is_abstract_type(declared)
        possible = {each.name: each for each in self._schema.get_possible_types(declared)}
        if not place.has("__typename"):
            return self._without_type(place, declared, list(possible.values()), sets)
        typename, result = place.one("__typename"), place.lines.fresh("r")

        def write(below: Place, name: str) -> None:
            lines = below.lines
            below.lines = lines.part()
            try:
                expression = self._of_type(below, possible[name], sets)
            except Unanswered:  # no object of this type is expected here
                lines.line("raise Surprise")
                return
            lines.take(below.lines)
            lines.line(f"{result} = {expression}")

        def told_apart_by(name: str) -> Hashable:
            named = possible[name]
            grouped = collect(sets, name, self._truth, self._schema)
            return tuple(
                (
                    key,
                    tuple(map(id, fields)),
                    name if fields[0].name not in named.fields else str(named.fields[fields[0].name].type),
                )
                for key, fields in grouped.items()
            )

        if branch_on_type(place, typename, possible, write, told_apart_by):
            place.lines.line("else: raise Surprise")
        return result

    def _without_type(
        self, place: Place, declared: GraphQLOutputType, possible: list[GraphQLObjectType], sets: _Sets
    ) -> str:
        """Objects whose type nobody says, where that makes no difference."""
        if len(possible) == 1:
            return self._of_type(
                place.narrowed(frozenset((possible[0].name,)), place.lines), possible[0], sets
            )
        if not is_interface_type(declared) or any(_depends_on_type(each) for each in sets):
            raise NotCompilable("nobody says a type")
        return self._of_type(place, declared, sets)

    def _of_type(self, place: Place, named: GraphQLObjectType | GraphQLInterfaceType, sets: _Sets) -> str:
        members = []
        before = len(place.reads)
        for key, fields in collect(sets, named.name, self._truth, self._schema).items():
            if fields[0].name == "__typename":
                members.append(f"{key!r}: {named.name!r}")
                continue
            values = place.values(key)
            if not values:
                raise Unanswered("nobody answers a field")
            expression = self._field(place, values, key, named.fields[fields[0].name].type, fields)
            members.append(f"{key!r}: {expression}")
        if len(place.reads) == before and not place.is_sealed:
            for view in place.views:
                place.lines.line(f"if type({view.variable}) is not dict: raise Surprise")
        return f"{{{', '.join(members)}}}"

    def _field(
        self,
        place: Place,
        values: Sequence[Value],
        key: str,
        declared: GraphQLOutputType,
        fields: Sequence[Field],
    ) -> str:
        found = [(each.variable, each.below, each.view.position) for each in values]
        sets = [each.selections for each in fields if each.selections is not None]
        return self._value(place.lines, found, declared, sets, place.cursors_below(key))

    def _value(
        self,
        lines: Lines,
        found: Found,
        declared: GraphQLOutputType,
        sets: _Sets,
        cursors: tuple[Cursor, ...],
    ) -> str:
        is_non_null = isinstance(declared, GraphQLNonNull)
        nullable = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
        variables = [variable for variable, _, _ in found]
        if isinstance(nullable, GraphQLScalarType | GraphQLEnumType):
            return self._leaf(lines, variables, nullable, is_non_null=is_non_null)
        all_or_none(lines, variables)
        if is_non_null:
            lines.line(f"if {variables[0]} is None: raise Surprise")
            return self._present(lines, found, nullable, sets, cursors)
        result = lines.fresh("r")
        lines.line(f"if {variables[0]} is None: {result} = None")
        with lines.block("else:"):
            expression = self._present(lines, found, nullable, sets, cursors)
            lines.line(f"{result} = {expression}")
        return result

    def _present(
        self,
        lines: Lines,
        found: Found,
        declared: GraphQLOutputType,
        sets: _Sets,
        cursors: tuple[Cursor, ...],
    ) -> str:
        """A list or object that is not null."""
        if isinstance(declared, GraphQLList):
            return self._list(lines, found, declared.of_type, sets, cursors)
        keyed = self._keyed(lines, found, declared, sets, cursors)
        if keyed is not None:
            return keyed
        return self._object(self._place(lines, declared, views_of(found), cursors), declared, sets)

    def _place(
        self, lines: Lines, declared: GraphQLOutputType, views: tuple[View, ...], cursors: tuple[Cursor, ...]
    ) -> Place:
        types = possible_types(self._supergraph, str(declared))
        return Place(lines=lines, types=types, views=views, cursors=cursors)

    def _list(
        self, lines: Lines, found: Found, item: GraphQLOutputType, sets: _Sets, cursors: tuple[Cursor, ...]
    ) -> str:
        variables = [variable for variable, _, _ in found]
        items, result = items_of(lines, variables), lines.fresh("r")
        lines.line(f"{result} = []")
        with lines.block(each_of(items, variables)):
            inner = renamed(found, items)
            expression = self._value(lines, inner, item, sets, items_below(cursors))
            lines.line(f"{result}.append({expression})")
        return result

    def _leaf(
        self,
        lines: Lines,
        variables: Sequence[str],
        declared: GraphQLScalarType | GraphQLEnumType,
        *,
        is_non_null: bool,
    ) -> str:
        variable = variables[0]
        if len(variables) > 1:
            variable = lines.fresh("v")
            lines.line(f"{variable} = same({', '.join(variables)})")
        if isinstance(declared, GraphQLEnumType):
            known = self._constants.name(frozenset(declared.values))
            passes, otherwise = f"type({variable}) is str and {variable} in {known}", "refuse"
        elif declared.name in _CHECKS:
            passes, otherwise = _CHECKS[declared.name]
            passes = passes.format(v=variable)
        elif is_non_null:
            passes, otherwise = f"{variable} is not None", "refuse"
        else:
            return variable
        if not is_non_null:
            passes += f" or {variable} is None"
        return f"{variable} if {passes} else {otherwise}({variable})"

    def _keyed(
        self,
        lines: Lines,
        found: Found,
        declared: GraphQLOutputType,
        sets: _Sets,
        cursors: tuple[Cursor, ...],
    ) -> str | None:
        """The object made once for its key, if it has nothing else of its own; else None."""
        if len(found) > 1 or not is_object_type(declared) or not any(not each.steps for each in cursors):
            return None
        ((variable, asked, position),) = found
        key = self._key(declared, asked, position, cursors)
        if key is None:
            return None
        body = Lines(self._constants, depth=2)
        view = View(variable=SEALED, asked=asked, position=position)
        place = self._place(body, declared, (view,), cursors)
        place.is_sealed = True
        place.reads[SEALED, key] = "k"
        try:
            expression = self._object(place, declared, sets)
        except Impure:
            return None
        body.line(f"return {expression}")
        number = self._functions.setdefault(str(body), len(self._functions))
        name, result = lines.fresh("k"), lines.fresh("r")
        lines.line(f"{name} = {variable}[{key!r}]")
        lines.line(f"{result} = m{number}.get({name})")
        lines.line(f"if {result} is None: {result} = m{number}[{name}] = f{number}({name})")
        return result

    def _key(
        self,
        declared: GraphQLOutputType,
        asked: tuple[Asked, ...],
        position: int,
        cursors: tuple[Cursor, ...],
    ) -> str | None:
        """The key by which all entities that join the object are looked up."""
        view = View(variable=SEALED, asked=asked, position=position)
        place = self._place(Lines(self._constants), declared, (view,), cursors)
        for cursor in place.cursors:
            representation = None if cursor.steps else cursor.call.representation_of(place.types)
            if representation is None:
                continue
            _, source = place.key_of(cursor.call, representation)
            if source is not None and source[0] == SEALED:
                return source[1]
        return None


def _depends_on_type(selection_set: SelectionSet) -> bool:
    """Whether an object's runtime type decides what is answered."""
    return any(isinstance(item, InlineFragment) or item.name == "__typename" for item in selection_set)
