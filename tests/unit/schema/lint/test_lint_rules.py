"""Every lint rule finds what it dislikes and leaves alone what it likes."""

import pytest

from schema.lint.finding import Finding, Level
from schema.lint.levels import Levels, Setting
from schema.lint.lint import lint
from schema.lint.rules import RULES
from schema.subgraph.model import Subgraph

_PAGE = (
    "type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }"
)

BAD_AND_GOOD: dict[str, tuple[str, str, str]] = {
    "type-name-case": ("type user_account { id: ID! }", "type UserAccount { id: ID! }", "user_account"),
    "field-name-case": ("type A { created_at: Int }", "type A { createdAt: Int b2: Int }", "A.created_at"),
    "argument-name-case": ("type A { b(Page: Int): Int }", "type A { b(page: Int): Int }", "A.b(Page:)"),
    "input-field-name-case": ("input A { _b: Int }", "input A { b: Int }", "A._b"),
    "enum-value-case": ("enum A { inProgress }", "enum A { IN_PROGRESS V2 }", "A.inProgress"),
    "directive-name-case": ("directive @Owner on OBJECT", "directive @owner on OBJECT", "@Owner"),
    "type-name-affix": (
        "interface NodeInterface { id: ID! }",
        "interface Node { id: ID! } enum ApplicationType { AGENT } type Typewriter { id: ID! }",
        "NodeInterface",
    ),
    "input-name-suffix": (
        "input UserData { a: Int }",
        "input UserInput { a: Int } input UserFilter { a: Int } type Data { a: Int }",
        "UserData",
    ),
    "query-get-prefix": (
        "type Query { getUser: Int }",
        "type Query { user: Int getaway: Int }",
        "Query.getUser",
    ),
    "field-repeats-type": (
        "type User { userName: String }",
        "type User { name: String username: String }",
        "User.userName",
    ),
    "list-field-plural": ("type A { user: [Int] }", "type A { users: [Int] data: [Int] }", "A.user"),
    "boolean-field-asks": ("type A { active: Boolean }", "type A { isActive: Boolean! }", "A.active"),
    "type-description": (
        "type A { id: ID! }",
        '"A." type A { id: ID! } type Query { a: A }'
        ' type B @key(fields: "id", resolvable: false) { id: ID! }',
        "A",
    ),
    "field-description": (
        'type A @key(fields: "id") { id: ID! }',
        'type A { "It." id: ID! } type B @key(fields: "id") { id: ID! @external }',
        "A.id",
    ),
    "argument-description": (
        "type A { b(c: Int): Int }",
        'type A { b("C." c: Int): Int d(input: In): Int } "All." input In { a: Int }',
        "A.b(c:)",
    ),
    "input-field-description": ("input A { b: Int }", 'input A { "B." b: Int }', "A.b"),
    "enum-value-description": ("enum A { B }", 'enum A { "B." B }', "A.B"),
    "directive-description": ("directive @a on FIELD", '"A." directive @a on FIELD', "@a"),
    "comment-description": (
        "# A person.\ntype A { id: ID! }",
        '# Ours.\n"A person."\ntype A { id: ID! }',
        "A",
    ),
    "deprecated-reason": (
        "type A { b: Int @deprecated }",
        'type A { b: Int @deprecated(reason: "Use c.") }',
        "A.b",
    ),
    "deprecated-required": (
        'type A { b(c: Int! @deprecated(reason: "x")): Int }',
        'type A { b(c: Int! = 1 @deprecated(reason: "x"), d: Int @deprecated(reason: "x")): Int }',
        "A.b(c:)",
    ),
    "mutation-input": (
        "type Mutation { userAdd(name: String): Int }",
        "type Mutation { userAdd(input: UserAddInput!): Int ping: Int }",
        "Mutation.userAdd",
    ),
    "mutation-payload": (
        "type Mutation { userAdd: [UserAddPayload] }",
        "type Mutation { userAdd: UserAddPayload! signIn: SignInResult }",
        "Mutation.userAdd",
    ),
    "payload-errors": (
        "type UserAddPayload { errors: Int }",
        "type UserAddPayload { errors: [Int!]! }",
        "UserAddPayload",
    ),
    "relay-connection": (
        "type Users { edges: [Int] pageInfo: Int }",
        "type UserConnection { edges: [UserEdge!]! pageInfo: PageInfo! }",
        "Users",
    ),
    "relay-edge": ("type UserEdge { node: Int }", "type UserEdge { node: Int cursor: String! }", "UserEdge"),
    "relay-page-info": (_PAGE.replace("hasNextPage: Boolean!", "hasNextPage: Boolean"), _PAGE, "PageInfo"),
    "relay-arguments": (
        "type A { users(first: Int): UserConnection! }",
        "type A { users(last: Int, before: String): UserConnection! }",
        "A.users",
    ),
    "id-type": ("type A { id: Int! }", "type A { id: ID! }", "A.id"),
    "list-items-non-null": ("type A { b: [[Int]!]! }", "type A { b: [[Int!]!] }", "A.b"),
    "interface-implemented": (
        "interface A { b: Int }",
        "interface A { b: Int } type C implements A { b: Int }",
        "A",
    ),
    "scalar-specified": ("scalar Date", 'scalar Date @specifiedBy(url: "https://x")', "Date"),
    "fields-sorted": ("input A { c: Int b: Int }", "input A { b: Int c: Int }", "A"),
    "enum-values-sorted": ("enum A { C B }", "enum A { B C }", "A"),
    "unused-type": (
        "type Query { a: Int } type Lost { id: ID! }",
        "type Query { a(in: In): I } type C implements I { b: Int u: U } interface I { b: Int }"
        " union U = D type D { e: E } enum E { V } input In { s: S } scalar S"
        ' type X @key(fields: "id") { id: ID! }',
        "Lost",
    ),
}


def found_by(rule: str, sdl: str) -> list[Finding]:
    """What one rule alone finds."""
    levels = Levels().changed({name: Setting(level=Level.OFF) for name in RULES})
    return list(lint([Subgraph(name="a", sdl=sdl)], levels.changed({rule: Setting(level=Level.ERROR)})))


def test_every_rule_is_shown() -> None:
    assert BAD_AND_GOOD.keys() == RULES.keys()


@pytest.mark.parametrize("rule", BAD_AND_GOOD)
def test_rule_finds_what_it_dislikes_and_only_that(rule: str) -> None:
    bad, good, coordinate = BAD_AND_GOOD[rule]

    assert {finding.coordinate for finding in found_by(rule, bad)} == {coordinate}
    assert found_by(rule, good) == []


@pytest.mark.parametrize("rule", RULES)
def test_what_federation_brings_along_is_left_alone(rule: str) -> None:
    sdl = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n'
        "directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT\n"
        "directive @link(url: String!, import: [link__Import]) repeatable on SCHEMA\n"
        "scalar federation__FieldSet scalar link__Import scalar _Any union _Entity = Thing\n"
        "type _Service { sdl: String }\n"
        '"A query." type Query { _service: _Service! _entities(representations: [_Any!]!): [_Entity]! }\n'
        '"A thing." type Thing @key(fields: "id") { "Which." id: ID! }'
    )

    assert found_by(rule, sdl) == []
