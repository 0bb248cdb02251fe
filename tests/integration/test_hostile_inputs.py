"""No value of any argument makes a domain fail: it is used, or refused with a code of its own."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
)

from common.access.principal import Principal
from common.db.session import Database
from common.graphql.subgraph import Subgraph
from common.ids import to_global_id, uuid7
from common.mail import FolderMailer
from common.resources import Resources
from subgraphs.applications.app import build_parts as applications_parts
from subgraphs.applications.app import build_subgraph as applications_subgraph
from subgraphs.applications.service.directory import ApplicationDirectory
from subgraphs.applications.settings import ApplicationsSettings
from subgraphs.auth.app import build_parts as auth_parts
from subgraphs.auth.app import build_subgraph as auth_subgraph
from subgraphs.auth.settings import AuthSettings
from subgraphs.gateway.app import build_parts as gateway_parts
from subgraphs.gateway.app import build_subgraph as gateway_subgraph
from subgraphs.gateway.settings import GatewaySettings
from subgraphs.users.app import build_parts as users_parts
from subgraphs.users.app import build_subgraph as users_subgraph
from subgraphs.users.service.directory import PeopleDirectory
from subgraphs.users.settings import UsersSettings
from tests.factories.users import add_member, add_organization
from tests.fakes.checker import FixedChecker
from tests.fakes.composer import FixedComposer

pytestmark = pytest.mark.stores

TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "a" * 70_000,
    "'; drop table users.users; --",
    "%_\\",
    "\u202e\u2066",
    "ﷺ" * 300,
    "-1",
    "null",
    "../../etc/passwd",
    "ı",
    "😀",
    "a@b.c\r\nBcc: eve@example.com",
    to_global_id("User", uuid7()),
    to_global_id("Role", uuid7()),
    "VXNlcjo",
)
NUMBERS = (0, -1, 1, 2**31 - 1, -(2**31))


def users(resources: Resources, tmp_path: Any) -> Subgraph[Any]:
    mailer = FolderMailer(tmp_path, "tests@example.com")
    return users_subgraph(resources, users_parts(UsersSettings(), secret="s" * 32, mailer=mailer))


def applications(resources: Resources, tmp_path: Any) -> Subgraph[Any]:
    return applications_subgraph(resources, applications_parts(ApplicationsSettings()))


def auth(resources: Resources, tmp_path: Any) -> Subgraph[Any]:
    parts = auth_parts(
        resources,
        AuthSettings(argon2_memory_kib=8192, argon2_passes=1),
        secret="s" * 32,
        people=PeopleDirectory(resources.database),
        applications=ApplicationDirectory(resources.database),
        mailer=FolderMailer(tmp_path, "tests@example.com"),
    )
    return auth_subgraph(resources, parts)


def gateway(resources: Resources, tmp_path: Any) -> Subgraph[Any]:
    parts = gateway_parts(
        resources, GatewaySettings(), composer=FixedComposer(), checker=FixedChecker(), reserved=frozenset()
    )
    return gateway_subgraph(resources, parts)


def values_of(kind: GraphQLInputType) -> Iterator[Any]:
    """Values that GraphQL itself lets through for a type, nasty ones first; objects with one nasty field."""
    match kind:
        case GraphQLNonNull(of_type=inner):
            yield from values_of(inner)
        case GraphQLList(of_type=inner):
            yield []
            yield from ([value] for value in values_of(inner))
            yield [plain(inner)] * 2_000
        case GraphQLScalarType(name="Int"):
            yield from NUMBERS
        case GraphQLScalarType(name="Boolean"):
            yield from (True, False)
        case GraphQLScalarType():
            yield from TEXTS
        case GraphQLEnumType(values=values):
            yield from values
        case GraphQLInputObjectType(fields=fields):
            usual = {name: plain(field.type) for name, field in fields.items() if is_needed(field.type)}
            for name, field in fields.items():
                if field.type is not kind and not names(field.type, kind):
                    yield from ({**usual, name: value} for value in values_of(field.type))
                if not is_needed(field.type):
                    yield {**usual, name: None}


def plain(kind: GraphQLInputType) -> Any:
    """Some ordinary value of a type."""
    match kind:
        case GraphQLNonNull(of_type=inner):
            return plain(inner)
        case GraphQLList():
            return []
        case GraphQLScalarType(name="Int"):
            return 1
        case GraphQLScalarType(name="Boolean"):
            return True
        case GraphQLEnumType(values=values):
            return next(iter(values))
        case GraphQLInputObjectType(fields=fields):
            return {name: plain(field.type) for name, field in fields.items() if is_needed(field.type)}
        case _:
            return "ordinary"


def is_needed(kind: GraphQLInputType) -> bool:
    return isinstance(kind, GraphQLNonNull)


def names(kind: GraphQLInputType, wanted: GraphQLInputType) -> bool:
    """Whether a list or non-null of the wanted type."""
    while isinstance(kind, GraphQLNonNull | GraphQLList):
        kind = kind.of_type
    return kind is wanted


def questions(root: GraphQLObjectType, operation: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field with every value of every argument, one nasty one at a time."""
    for name, field in root.fields.items():
        if name.startswith("_"):
            continue
        for argument, definition in field.args.items():
            document = f"{operation} ($value: {definition.type}) {{ {name}({argument}: $value) {{ __typename"
            document += " errors { code message path } } }" if operation == "mutation" else " } }"
            yield from ((document, {"value": value}) for value in argument_values(definition))


def argument_values(argument: GraphQLArgument) -> Iterator[Any]:
    yield from values_of(argument.type)


@pytest.mark.parametrize("make", [users, applications, auth, gateway])
async def test_nothing_that_a_client_sends_is_an_internal_error(
    make: Callable[[Resources, Any], Subgraph[Any]], resources: Resources, database: Database, tmp_path: Any
) -> None:
    subgraph = make(resources, tmp_path)
    owner: Principal = await add_member(database, await add_organization(database), "owner")
    core = subgraph.schema.core
    roots = ((core.query_type, "query"), (core.mutation_type, "mutation"))
    asked, failed = 0, []

    for root, operation in roots:
        assert root is not None
        for document, variables in questions(root, operation):
            answer = await subgraph.executor.execute(document, variables, principal=owner)
            asked += 1
            orjson.dumps({"data": answer.data, "errors": answer.errors})
            if any(error["extensions"]["code"] == "INTERNAL_SERVER_ERROR" for error in answer.errors):
                failed.append((document, repr(variables)[:100]))

    assert asked > 200
    assert failed == []
