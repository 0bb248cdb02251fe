"""Draws subgraph sets that use most of federation at once, for a world that holds for any set.

Three entities (`A`, `B`, `C`), an entity interface over two of them, a union, a value type and an enum are
spread over two to four subgraphs; then fields are moved, required, provided, and the interface is extended
as an object by a subgraph of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

_LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: '
    '["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@interfaceObject"])\n'
)
ENTITIES = ("A", "B", "C")
NAMED = ("A", "B")
FIELDS: Mapping[str, str] = {
    "name": "String",
    "size(x: Int = 1)": "Int",
    "level(of: Level, many: [Int!])": "Level",
    "grid": "[[Int]!]",
    "part": "Part",
    "parts": "[Part!]!",
    "next": "{other}",
    "all(first: Int)": "[{other}]",
    "rows": "[[{other}!]]",
    "any": "Any",
    "mix": "[Any!]",
    "peer": "Peer",
    "peers": "[Peer]!",
}
ROOTS: Mapping[str, str] = {
    "a(x: Int)": "A",
    "many": "[B!]!",
    "c": "C",
    "any": "[Any]",
    "peer": "Peer",
    "part": "Part",
}
_PART = "type Part @shareable { label: String! level: Level inner: Part }\nenum Level { LOW HIGH }\n"
REQUIREMENTS = (  # what is required, and the field that it begins with
    ("name", "name"),
    ("size(x: 2)", "size(x: Int = 1)"),
    ("part { label inner { level } }", "part"),
    ("parts { level }", "parts"),
)


@dataclass(slots=True)
class _Draft:
    """One subgraph while it is drawn: type → field → what stands behind the colon."""

    name: str
    types: dict[str, dict[str, str]] = field(
        default_factory=lambda: {name: {} for name in (*ENTITIES, "Query")}
    )
    keys: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict.fromkeys(ENTITIES, ("id",)))

    def mentions(self, name: str) -> bool:
        """Whether a field is of this type."""
        return any(
            name in each.partition("@")[0].replace("[", " ").replace("]", " ").replace("!", " ").split()
            for fields in self.types.values()
            for each in fields.values()
        )

    @property
    def sdl(self) -> str:
        """All of it."""
        text = _LINK + _PART
        has_peer = self.name == "s0" or self.mentions("Peer")
        if has_peer:
            text += f"interface Peer{_keys(('id',)) if self.name == 's0' else ''} {{ id: ID! }}\n"
        if self.mentions("Any"):
            text += "union Any = " + " | ".join(ENTITIES) + "\n"
        for name in ENTITIES:
            implements = " implements Peer" if has_peer and name in NAMED else ""
            keys = self.keys[name]
            own = "".join(
                {"id": "id: ID! ", "code": "code: Int! ", "box { no }": "box: Box! "}[k] for k in keys
            )
            text += f"type {name}{implements}{_keys(keys)} {{ {own}{_fields(self.types[name])} }}\n"
        if any("box { no }" in keys for keys in self.keys.values()):
            text += "type Box @shareable { no: String! }\n"
        roots = _fields(self.types["Query"])
        return text + (f"type Query {{ {roots} }}\n" if roots else "")


@st.composite
def drawn_subgraphs(draw: st.DrawFn) -> Mapping[str, str]:
    """Subgraph name to SDL."""
    drafts = [_Draft(f"s{index}") for index in range(draw(st.integers(2, 4)))]
    for name in ENTITIES:
        other = ENTITIES[(ENTITIES.index(name) + 1) % len(ENTITIES)]
        _spread(draw, drafts, name, {key: kind.replace("{other}", other) for key, kind in FIELDS.items()})
    _spread(draw, drafts, "Query", ROOTS)
    _draw_keys(draw, drafts)
    for name in ENTITIES:
        _draw_requirement(draw, drafts, name)
    _draw_override(draw, drafts)
    _draw_provided(draw, drafts)
    sdl = {draft.name: draft.sdl for draft in drafts}
    if draw(st.booleans()):
        sdl["extra"] = _interface_object(draw)
    return sdl


def _spread(draw: st.DrawFn, drafts: Sequence[_Draft], typename: str, fields: Mapping[str, str]) -> None:
    for name, kind in fields.items():
        owners = draw(st.lists(st.sampled_from(drafts), min_size=1, max_size=2, unique_by=id))
        for owner in owners:
            owner.types[typename][name] = kind + (" @shareable" if len(owners) > 1 else "")


def _draw_keys(draw: st.DrawFn, drafts: Sequence[_Draft]) -> None:
    """Keys beside `id`; one subgraph may know a type only by another key, which the first has as well."""
    for name in ENTITIES:
        extra = draw(st.sampled_from(["", "code", "box { no }"]))
        if not extra:
            continue
        drafts[0].keys[name] = ("id", extra)
        chosen = draw(st.sampled_from(drafts[1:]))
        is_apart = name not in NAMED and draw(st.booleans())
        chosen.keys[name] = (extra,) if is_apart else ("id", extra)


def _draw_requirement(draw: st.DrawFn, drafts: Sequence[_Draft], typename: str) -> None:
    wanted, required = draw(st.sampled_from(REQUIREMENTS))
    away = [draft for draft in drafts if required not in draft.types[typename]]
    if not away or not draw(st.booleans()):
        return
    chosen = draw(st.sampled_from(away))
    chosen.types[typename][required] = f"{FIELDS[required]} @external"
    chosen.types[typename]["sum"] = f'String @requires(fields: "{wanted}")'
    further = [draft for draft in drafts if draft is not chosen]
    if draw(st.booleans()):
        second = draw(st.sampled_from(further))
        second.types[typename]["sum"] = "String @external"
        second.types[typename]["total"] = 'Int @requires(fields: "sum")'


def _draw_override(draw: st.DrawFn, drafts: Sequence[_Draft]) -> None:
    typename = draw(st.sampled_from(ENTITIES))
    for name in ("next", "grid", "any"):
        owners = [draft for draft in drafts if name in draft.types[typename]]
        others = [draft for draft in drafts if draft not in owners]
        if len(owners) == 1 and others and draw(st.booleans()):
            taker = draw(st.sampled_from(others))
            kind = owners[0].types[typename][name]
            taker.types[typename][name] = f'{kind} @override(from: "{owners[0].name}")'


def _draw_provided(draw: st.DrawFn, drafts: Sequence[_Draft]) -> None:
    """A root field provides a leaf that its subgraph does not resolve elsewhere."""
    for root, kind, typename in (("many", "[B!]!", "B"), ("c", "C", "C")):
        givers = [
            draft for draft in drafts if root in draft.types["Query"] and "name" not in draft.types[typename]
        ]
        if not givers or not draw(st.booleans()):
            continue
        giver = givers[0]
        directive = "@shareable " if "@shareable" in giver.types["Query"][root] else ""
        giver.types["Query"][root] = f'{kind} {directive}@provides(fields: "name")'
        for draft in drafts:
            if draft.types[typename].get("name") == "String":
                draft.types[typename]["name"] = "String @shareable"
        giver.types[typename]["name"] = "String @external"


def _interface_object(draw: st.DrawFn) -> str:
    roots = draw(st.sampled_from(["", "type Query { extras: [Peer!] }\n"]))
    fields = "id: ID! shown(x: Int): Int best: Peer peer2: [Peer]"
    return f"{_LINK}type Peer @interfaceObject{_keys(('id',))} {{ {fields} }}\n{roots}"


def _keys(keys: Sequence[str]) -> str:
    return "".join(f' @key(fields: "{key}")' for key in keys)


def _fields(fields: Mapping[str, str]) -> str:
    return " ".join(f"{name}: {kind}" for name, kind in fields.items())
