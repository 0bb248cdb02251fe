"""Under which key a value stands in the response tree.

The client's keys are taken first. A required field whose own name means something else there gets an
internal alias, so that no two fetches ever write different things to one place.
"""

from router.operation.model import Argument, Field, Selection
from schema.supergraph.model import Supergraph

Place = tuple[str, ...]
"""Response keys from the root of the data, lists left out."""

_Meaning = tuple[str, tuple[Argument, ...]]
_Entry = tuple[frozenset[str], _Meaning]

PREFIX = "_atrium_"


class ResponseKeys:
    """All keys of one plan's response tree and what they mean for which object types."""

    def __init__(self, supergraph: Supergraph) -> None:
        self._supergraph = supergraph
        self._entries: dict[tuple[Place, str], list[_Entry]] = {}
        self._given: dict[tuple[Place, str, _Meaning], list[tuple[frozenset[str], str]]] = {}
        self._possible: dict[str, frozenset[str]] = {}

    def types_of(self, type_name: str) -> frozenset[str]:
        """The object types that a value of the type can have."""
        found = self._possible.get(type_name)
        if found is None:
            found = frozenset(self._supergraph.possible_types.get(type_name, ())) or frozenset((type_name,))
            self._possible[type_name] = found
        return found

    def take_all(self, selections: tuple[Selection, ...], type_name: str, place: Place = ()) -> None:
        """Reserve what the client wrote."""
        self._take_all(selections, type_name, self.types_of(type_name), place)

    def _take_all(
        self, selections: tuple[Selection, ...], type_name: str, types: frozenset[str], place: Place
    ) -> None:
        for selection in selections:
            if not isinstance(selection, Field):
                narrowed = types & self.types_of(selection.type_condition)
                inner = selection.selections.items
                self._take_all(inner, selection.type_condition, narrowed, place)
                continue
            meaning = (selection.name, selection.arguments)
            self._add(place, selection.response_key, types, meaning)
            if selection.selections is not None:
                below = selection.selections
                self.take_all(below.items, below.parent_type, (*place, selection.response_key))

    def _add(self, place: Place, key: str, types: frozenset[str], meaning: _Meaning) -> None:
        self._entries.setdefault((place, key), []).append((types, meaning))

    def key_for(
        self, place: Place, type_name: str, wanted: str, name: str, arguments: tuple[Argument, ...]
    ) -> str:
        """The key for a field at a place: the wanted one, or an alias if that is taken for something else.

        Once given, a key stays; a narrower type has the key that was given for a wider one.
        """
        types = self.types_of(type_name)
        meaning = (name, arguments)
        given = self._given.setdefault((place, wanted, meaning), [])
        for known_types, key in given:
            if types <= known_types:
                return key
        key, number = wanted, 0
        while self._means_something_else(place, key, types, meaning):
            number += 1
            key = f"{PREFIX}{name}_{number}"
        self._add(place, key, types, meaning)
        given.append((types, key))
        return key

    def _means_something_else(self, place: Place, key: str, types: frozenset[str], meaning: _Meaning) -> bool:
        entries = self._entries.get((place, key), ())
        return any(known != meaning and not types.isdisjoint(other) for other, known in entries)
