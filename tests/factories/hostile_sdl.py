"""SDL that is syntactically right and little else: colliding names, directives that make no sense."""

from hypothesis import strategies as st

NAMES = (
    "Query",
    "A",
    "B",
    "I",
    "J",
    "U",
    "E",
    "In",
    "Time",
    "Mutation",
    "Int",
    "_Entity",
    "__T",
    "link__Import",
)
FIELDS = ("id", "x", "y", "in", "__typename", "_entities", "_service", "A")
VALUES = ("ONE", "TWO", "id", "null_", "ADMIN")
DIRECTIVES = (
    "key", "external", "requires", "provides", "shareable", "override", "inaccessible", "tag",
    "extends", "interfaceObject", "composeDirective", "authenticated", "requiresScopes", "policy",
    "context", "fromContext", "cost", "listSize", "cacheTag", "link", "core", "deprecated",
    "specifiedBy", "oneOf", "custom", "include", "join__type", "join__field", "federation__key",
    "federation__tag", "unknown",
)  # fmt: skip
ARGUMENTS = (
    "fields", "resolvable", "from", "label", "name", "scopes", "policies", "field", "weight",
    "assumedSize", "slicingArguments", "sizedFields", "url", "as", "import", "for", "reason", "graph",
    "if", "format", "unknown",
)  # fmt: skip
TEXTS = (
    "id", "id x", "x", "y { id }", "y { id y { x } }", "{ id", "... on A { id }", "... on Nope { x }",
    "a: id", "x(a: 1)", "__typename", "y", "$c { id }", "$c id", "$ { x }", "", " ", "é", "\\u0000",
    "a", "b", "s0", "s1", "percent(5)", "percent(x)", "flag", "@custom", "custom", "@key", "c",
    "public", "{$args.x}", "\\\"", "#",
)  # fmt: skip
URLS = (
    "https://specs.apollo.dev/federation/v2.9",
    "https://specs.apollo.dev/federation/v2.0",
    "https://specs.apollo.dev/federation/v1.0",
    "https://specs.apollo.dev/federation/v2.99",
    "https://specs.apollo.dev/federation",
    "https://specs.apollo.dev/link/v1.0",
    "https://specs.apollo.dev/join/v0.5",
    "https://specs.apollo.dev/tag/v0.3",
    "https://specs.apollo.dev/cost/v0.1",
    "https://example.org/custom/v1.0",
    "https://example.org/federation/v2.9",
    "https://[",
    "custom",
    "",
)
IMPORTS = (
    '"@key"', '"@shareable"', '"@external"', '"@requires"', '"@provides"', '"@tag"', '"@inaccessible"',
    '"@override"', '"@interfaceObject"', '"@composeDirective"', '"@context"', '"@fromContext"',
    '"@cost"', '"@listSize"', '"@authenticated"', '"@requiresScopes"', '"@policy"', '"FieldSet"',
    '"@nope"', '"key"', '{name: "@key", as: "@tag"}', '{name: "@tag", as: "@key"}',
    '{name: "@key", as: "key"}', '{name: "@custom"}', '{as: "@key"}', "{}", "1", "null",
    '{name: "FieldSet", as: "A"}', '""', '"@"', '{name: "@tag", as: "@"}',
)  # fmt: skip
LOCATIONS = (
    "OBJECT", "FIELD_DEFINITION", "FIELD", "QUERY", "SCHEMA", "ARGUMENT_DEFINITION", "ENUM_VALUE",
    "INTERFACE", "UNION", "INPUT_OBJECT", "INPUT_FIELD_DEFINITION", "SCALAR", "ENUM",
    "VARIABLE_DEFINITION",
)  # fmt: skip
FEDERATION = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", '
    '"@external", "@requires", "@provides", "@override", "@inaccessible", "@tag", "@interfaceObject", '
    '"@context", "@fromContext", "@cost", "@listSize", "@authenticated", "@requiresScopes", "@policy", '
    '"@composeDirective"])'
)

names = st.sampled_from(NAMES)
fields = st.sampled_from(FIELDS)
texts = st.sampled_from(TEXTS).map('"{}"'.format)


def values() -> st.SearchStrategy[str]:
    """Constants of every kind, nested."""
    leaves = st.one_of(
        texts,
        st.sampled_from(
            ("1", "-1", "1.5e9", "99999999999999999999", "true", "null", "ONE", '"""a\n b"""', "[]", "{}")
        ),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
            st.dictionaries(st.sampled_from(ARGUMENTS[:8]), inner, max_size=2).map(
                lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"
            ),
        ),
        max_leaves=5,
    )


@st.composite
def types(draw: st.DrawFn) -> str:
    """References to types, also to those that do not exist."""
    text = draw(st.one_of(names, st.sampled_from(("Int", "ID", "String", "Missing", "FieldSet", "_Any"))))
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2)))):
        text = f"[{text}{draw(st.sampled_from(('', '!')))}]"
    return text + draw(st.sampled_from(("", "", "!")))


@st.composite
def uses(draw: st.DrawFn) -> str:
    """Directives put on something: usually none, often a sensible one, now and then nonsense."""
    parts = []
    for _ in range(draw(st.sampled_from((0, 0, 0, 0, 1, 1, 2)))):
        name = draw(st.sampled_from(DIRECTIVES))
        match draw(st.integers(0, 3)):
            case 0:
                parts.append(f"@{name}")
            case 1:
                given = draw(st.lists(st.tuples(st.sampled_from(ARGUMENTS), values()), max_size=3))
                arguments = ", ".join(f"{key}: {value}" for key, value in given)
                parts.append(f"@{name}({arguments})" if arguments else f"@{name}")
            case _:
                parts.append(draw(sensible_uses()))
    return " ".join(parts)


def sensible_uses() -> st.SearchStrategy[str]:
    """Directives with an argument of their own, though maybe at the wrong place and with the wrong value."""
    text = texts
    return st.one_of(
        text.map("@key(fields: {})".format),
        text.map("@requires(fields: {})".format),
        text.map("@provides(fields: {})".format),
        text.map("@override(from: {})".format),
        st.tuples(text, text).map(lambda pair: f"@override(from: {pair[0]}, label: {pair[1]})"),
        text.map("@tag(name: {})".format),
        text.map("@context(name: {})".format),
        text.map("@fromContext(field: {})".format),
        text.map("@requiresScopes(scopes: [[{}]])".format),
        text.map("@listSize(sizedFields: [{}])".format),
        st.sampled_from(
            ("@shareable", "@external", "@inaccessible", "@interfaceObject", "@extends", "@authenticated")
        ),
    )


@st.composite
def inputs(draw: st.DrawFn) -> str:
    """An argument, or a field of an input type."""
    default = f" = {draw(values())}" if draw(st.integers(0, 4)) == 0 else ""
    return f"{draw(fields)}: {draw(types())}{default} {draw(uses())}"


@st.composite
def output_fields(draw: st.DrawFn) -> str:
    arguments = ", ".join(draw(st.lists(inputs(), max_size=2))) if draw(st.integers(0, 3)) == 0 else ""
    listed = f"({arguments})" if arguments else ""
    about = draw(st.sampled_from(("", "", "", '"about" ', '"""\nabout\n""" ')))
    return f"{about}{draw(fields)}{listed}: {draw(types())} {draw(uses())}"


def block(lines: list[str]) -> str:
    """Lines in braces; nothing at all for none."""
    return "{ " + "\n  ".join(lines) + " }" if lines else ""


@st.composite
def definitions(draw: st.DrawFn) -> str:
    """One definition or extension of any kind."""
    kind = draw(
        st.sampled_from(
            ("type", "type", "type", "interface", "union", "enum", "input", "scalar", "directive", "schema")
        )
    )
    extend = draw(st.sampled_from(("", "", "", "extend ")))
    name, put = draw(names), draw(uses())
    match kind:
        case "type" | "interface":
            over = draw(st.lists(names, max_size=2))
            implements = f" implements {' & '.join(over)}" if over else ""
            body = block(draw(st.lists(output_fields(), max_size=4)))
            bare = extend and not (implements or put or body)
            return "" if bare else f"{extend}{kind} {name}{implements} {put} {body}"
        case "union":
            members = draw(st.lists(names, max_size=3))
            shown = f"= {' | '.join(members)}" if members else ""
            return "" if extend and not (put or shown) else f"{extend}union {name} {put} {shown}"
        case "enum":
            listed = draw(st.lists(st.tuples(st.sampled_from(VALUES), uses()), max_size=3))
            body = block([f"{value} {use}" for value, use in listed])
            return "" if extend and not (put or body) else f"{extend}enum {name} {put} {body}"
        case "input":
            body = block(draw(st.lists(inputs(), max_size=3)))
            return "" if extend and not (put or body) else f"{extend}input {name} {put} {body}"
        case "scalar":
            return "" if extend and not put else f"{extend}scalar {name} {put}"
        case "directive":
            given = ", ".join(draw(st.lists(inputs(), max_size=2)))
            where = " | ".join(draw(st.lists(st.sampled_from(LOCATIONS), min_size=1, max_size=3)))
            repeatable = draw(st.sampled_from(("", " repeatable")))
            called = draw(st.sampled_from(DIRECTIVES))
            return f"directive @{called}{f'({given})' if given else ''}{repeatable} on {where}"
        case _:
            roots = draw(
                st.lists(st.tuples(st.sampled_from(("query", "mutation", "subscription")), names), max_size=2)
            )
            body = block([f"{root}: {to}" for root, to in roots])
            return f"{extend}schema {put} {body}" if body or (extend and put) else ""


@st.composite
def links(draw: st.DrawFn) -> str:
    """A @link: to federation as it should be, or to anything."""
    if draw(st.integers(0, 3)):
        return FEDERATION
    imported = ", ".join(draw(st.lists(st.sampled_from(IMPORTS), max_size=4)))
    alias = draw(st.sampled_from(("", ', as: "key"', ', as: "fed"', ', as: ""', ", as: 1", ', as: "a__b"')))
    purpose = draw(st.sampled_from(("", ", for: SECURITY", ", for: NOPE", ', for: "SECURITY"')))
    return f'extend schema @link(url: "{draw(st.sampled_from(URLS))}"{alias}{purpose}, import: [{imported}])'


@st.composite
def hostile_sdl(draw: st.DrawFn) -> str:
    """One document. With a usable query most of the time, so that composition gets further."""
    parts = draw(st.lists(links(), max_size=2))
    parts += draw(st.lists(definitions(), max_size=6))
    if draw(st.integers(0, 3)):
        parts.append(f"{draw(st.sampled_from(('type', 'extend type')))} Query {{ q: Int {draw(uses())} }}")
    return "\n".join(draw(st.permutations(parts)))
