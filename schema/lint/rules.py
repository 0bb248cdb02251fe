"""Every lint rule in one table."""

from collections.abc import Mapping

from schema.lint import naming, shapes, words
from schema.lint.finding import Check, Level, Rule


def _rule(check: Check, level: Level, demands: str, bad: str, good: str) -> Rule:
    """A rule is called as its function is."""
    name = getattr(check, "__name__", "").replace("_", "-")
    return Rule(name=name, demands=demands, level=level, check=check, bad=bad, good=good)


_TABLE: tuple[Rule, ...] = (
    _rule(
        naming.type_name_case,
        Level.ERROR,
        "Types are written in PascalCase.",
        "type user_account",
        "type UserAccount",
    ),
    _rule(naming.field_name_case, Level.ERROR, "Fields are written in camelCase.", "created_at", "createdAt"),
    _rule(
        naming.argument_name_case,
        Level.ERROR,
        "Arguments are written in camelCase.",
        "users(page_size: Int)",
        "users(pageSize: Int)",
    ),
    _rule(
        naming.input_field_name_case,
        Level.ERROR,
        "Fields of inputs are written in camelCase.",
        "first_name: String",
        "firstName: String",
    ),
    _rule(
        naming.enum_value_case,
        Level.ERROR,
        "Enum values are written in UPPER_CASE.",
        "enum State { inProgress }",
        "enum State { IN_PROGRESS }",
    ),
    _rule(
        naming.directive_name_case,
        Level.ERROR,
        "Directives are written in camelCase.",
        "directive @cache_control",
        "directive @cacheControl",
    ),
    _rule(
        naming.type_name_affix,
        Level.WARN,
        "The name of a type does not say again what kind it is.",
        "interface NodeInterface",
        "interface Node",
    ),
    _rule(
        naming.input_name_suffix,
        Level.WARN,
        "Inputs, and only they, end in Input (or Filter, Order, OrderBy, Sort, Where, By).",
        "input UserData",
        "input UserInput",
    ),
    _rule(
        naming.query_get_prefix,
        Level.WARN,
        "Queries are called by what they give, without get, list, find or fetch.",
        "getUser: User",
        "user: User",
    ),
    _rule(
        naming.field_repeats_type,
        Level.WARN,
        "A field's name does not repeat its type's.",
        "type User { userName: String }",
        "type User { name: String }",
    ),
    _rule(
        naming.list_field_plural,
        Level.OFF,
        "A field that gives a list has a plural name.",
        "user: [User!]!",
        "users: [User!]!",
    ),
    _rule(
        naming.boolean_field_asks,
        Level.OFF,
        "A field that gives a Boolean asks a question.",
        "active: Boolean!",
        "isActive: Boolean!",
    ),
    _rule(
        words.type_description,
        Level.WARN,
        "Types have a description.",
        "type User",
        '"A person." type User',
    ),
    _rule(
        words.field_description,
        Level.WARN,
        "Fields have a description.",
        "name: String",
        '"Full name." name: String',
    ),
    _rule(
        words.argument_description,
        Level.WARN,
        "Arguments have a description, or their input type has.",
        "users(first: Int)",
        'users("How many." first: Int)',
    ),
    _rule(
        words.input_field_description,
        Level.WARN,
        "Fields of inputs have a description.",
        "name: String",
        '"Full name." name: String',
    ),
    _rule(
        words.enum_value_description,
        Level.WARN,
        "Enum values have a description.",
        "enum State { OPEN }",
        'enum State { "Still to do." OPEN }',
    ),
    _rule(
        words.directive_description,
        Level.WARN,
        "Directives have a description.",
        "directive @owner on OBJECT",
        '"Which team it belongs to." directive @owner on OBJECT',
    ),
    _rule(
        words.comment_description,
        Level.WARN,
        "What explains something is a description, not a comment above it.",
        "# A person.\ntype User",
        '"A person."\ntype User',
    ),
    _rule(
        words.deprecated_reason,
        Level.ERROR,
        "What is deprecated says what to use instead.",
        "name: String @deprecated",
        'name: String @deprecated(reason: "Use fullName.")',
    ),
    _rule(
        words.deprecated_required,
        Level.ERROR,
        "What must be given is not deprecated.",
        'user(id: ID! @deprecated(reason: "Use key."))',
        'user(id: ID @deprecated(reason: "Use key."))',
    ),
    _rule(
        shapes.mutation_input,
        Level.WARN,
        "A mutation takes at most one argument, `input`, of a type of its own.",
        "userAdd(name: String): UserAddPayload",
        "userAdd(input: UserAddInput!): UserAddPayload",
    ),
    _rule(
        shapes.mutation_payload,
        Level.WARN,
        "A mutation answers with a type of its own, ending in Payload (or Result).",
        "userAdd(input: UserAddInput!): User",
        "userAdd(input: UserAddInput!): UserAddPayload!",
    ),
    _rule(
        shapes.payload_errors,
        Level.OFF,
        "A payload has a list of errors.",
        "type UserAddPayload { user: User }",
        "type UserAddPayload { user: User errors: [UserError!]! }",
    ),
    _rule(
        shapes.relay_connection,
        Level.WARN,
        "A connection has edges and pageInfo, and is called one.",
        "type UserConnection { users: [User] }",
        "type UserConnection { edges: [UserEdge!]! pageInfo: PageInfo! }",
    ),
    _rule(
        shapes.relay_edge,
        Level.WARN,
        "An edge has node and cursor.",
        "type UserEdge { user: User }",
        "type UserEdge { node: User! cursor: String! }",
    ),
    _rule(
        shapes.relay_page_info,
        Level.WARN,
        "PageInfo has hasNextPage, hasPreviousPage, startCursor and endCursor.",
        "type PageInfo { hasNext: Boolean }",
        "type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! ... }",
    ),
    _rule(
        shapes.relay_arguments,
        Level.WARN,
        "A field that gives a connection takes first and after, or last and before.",
        "users: UserConnection",
        "users(first: Int, after: String): UserConnection",
    ),
    _rule(shapes.id_type, Level.WARN, "A field called id is ID!.", "id: Int", "id: ID!"),
    _rule(
        shapes.list_items_non_null,
        Level.OFF,
        "Lists hold no null.",
        "users: [User]",
        "users: [User!]",
    ),
    _rule(
        shapes.interface_implemented,
        Level.WARN,
        "An interface has an implementation.",
        "interface Priced",
        "type Book implements Priced",
    ),
    _rule(
        shapes.scalar_specified,
        Level.OFF,
        "A scalar says what specifies it.",
        "scalar Date",
        'scalar Date @specifiedBy(url: "https://...")',
    ),
    _rule(
        shapes.fields_sorted,
        Level.OFF,
        "Fields stand in the order of the alphabet.",
        "type User { name id }",
        "type User { id name }",
    ),
    _rule(
        shapes.enum_values_sorted,
        Level.OFF,
        "Enum values stand in the order of the alphabet.",
        "enum State { OPEN DONE }",
        "enum State { DONE OPEN }",
    ),
    _rule(
        shapes.unused_type,
        Level.WARN,
        "Something leads to every type.",
        "type Forgotten { id: ID! }",
        "type Query { found: Forgotten }",
    ),
)

RULES: Mapping[str, Rule] = {rule.name: rule for rule in _TABLE}
