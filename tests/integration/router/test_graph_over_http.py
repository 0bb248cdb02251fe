"""Operations through a running router: data across subgraphs, and every way to ask wrongly."""

import asyncio
import gzip
from io import BytesIO
from typing import Any

import pytest

from tests.integration.router.conftest import Platform

NEW = {"accept": "application/graphql-response+json"}
JSON = {"content-type": "application/json"}


async def test_one_query_crosses_subgraphs(platform: Platform) -> None:
    answer = await platform.ask("{ products { name reviews { text } } }")

    assert answer.status == 200
    assert answer.body == {
        "data": {
            "products": [
                {"name": "Chair", "reviews": [{"text": "Sits well"}]},
                {"name": "Desk", "reviews": [{"text": "Wobbles"}]},
                {"name": "Lamp", "reviews": []},
            ]
        }
    }
    assert len(platform.products.calls) == len(platform.reviews.calls) == 1


async def test_variables_and_the_chosen_operation(platform: Platform) -> None:
    document = 'query A { echo(text: "a") } query B($t: String!) { said: echo(text: $t) }'

    answer = await platform.ask(document, operationName="B", variables={"t": "ü🜚"})

    assert answer.body == {"data": {"said": "ü🜚"}}


async def test_a_mutation_runs_and_its_answer_crosses_subgraphs(platform: Platform) -> None:
    answer = await platform.ask('mutation { rename(id: "1", name: "Stool") { name reviews { id } } }')

    assert answer.body == {"data": {"rename": {"name": "Stool", "reviews": [{"id": "r1"}]}}}
    assert platform.shop.names["1"] == "Stool"


async def test_introspection_is_answered_by_the_router(platform: Platform) -> None:
    answer = await platform.ask(
        '{ __schema { queryType { name } } __type(name: "Product") { fields { name } } }'
    )

    assert answer.body["data"]["__schema"] == {"queryType": {"name": "Query"}}
    assert {"name": "reviews"} in answer.body["data"]["__type"]["fields"]
    assert not platform.products.calls


async def test_a_get_asks_a_query(platform: Platform) -> None:
    parameters = {"query": "query($t: String!) { echo(text: $t) }", "variables": '{"t":"x"}'}

    answer = await platform.send("GET", params=parameters, headers={"apollo-require-preflight": "1"})

    assert (answer.status, answer.body) == (200, {"data": {"echo": "x"}})


async def test_a_get_never_runs_a_mutation(platform: Platform) -> None:
    parameters = {"query": 'mutation { rename(id: "1", name: "x") { id } }'}

    answer = await platform.send("GET", params=parameters, headers={"apollo-require-preflight": "1"})

    assert (answer.status, answer.codes) == (405, ["METHOD_NOT_ALLOWED"])
    assert answer.headers["allow"] == "GET, POST"
    assert platform.shop.names["1"] == "Chair"


async def test_a_get_from_a_foreign_page_is_refused(platform: Platform) -> None:
    answer = await platform.send("GET", params={"query": "{ __typename }"}, headers={"accept": "*/*"})

    assert (answer.status, answer.codes) == (400, ["CSRF_PREVENTED"])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused(in_production: Platform, method: str) -> None:
    answer = await in_production.send(method, json={"query": "{ __typename }"})

    assert (answer.status, answer.codes) == (405, ["METHOD_NOT_ALLOWED"])


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", JSON, 400, "BAD_REQUEST"),
        (b"", JSON, 400, "BAD_REQUEST"),
        (b"[]", JSON, 400, "BAD_REQUEST"),
        (b'{"query":1}', JSON, 400, "BAD_REQUEST"),
        (b'{"query":"{a}"}', {"content-type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (gzip.compress(b" " * 2_000_000), JSON | {"content-encoding": "gzip"}, 413, "PAYLOAD_TOO_LARGE"),
        (b"{}", JSON | {"content-encoding": "gzip"}, 400, "BAD_REQUEST"),
        (b"{}", JSON | {"content-encoding": "deflate"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"{}", JSON | {"content-encoding": "gzip, gzip"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b'{"query":"{ __typename }"}', JSON | {"accept": "image/png"}, 406, "NOT_ACCEPTABLE"),
        (b" " * 1_048_577, JSON, 413, "PAYLOAD_TOO_LARGE"),
    ],
)
async def test_a_malformed_request_has_a_status_and_a_code(
    in_production: Platform, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await in_production.send(data=BytesIO(body), headers=headers)

    assert (answer.status, answer.codes) == (status, [code])
    assert "data" not in answer.body


@pytest.mark.parametrize("path", ["/graphql", "/healthz"])
async def test_headers_are_limited_too(in_production: Platform, path: str) -> None:
    headers = {f"x-{n}": "x" * 4_000 for n in range(20)}

    answer = await in_production.send(path=path, json={"query": "{ __typename }"}, headers=headers)

    assert (answer.status, answer.codes) == (431, ["HEADERS_TOO_LARGE"])


async def test_a_body_without_length_is_cut_at_the_limit(in_production: Platform) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 65_536

    answer = await in_production.send(data=endless(), headers=JSON)

    assert (answer.status, answer.codes) == (413, ["PAYLOAD_TOO_LARGE"])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ a", "GRAPHQL_PARSE_FAILED"),
        ("{" * 5_000, "GRAPHQL_PARSE_FAILED"),
        ("{a" * 2_000 + "}" * 2_000, "GRAPHQL_PARSE_FAILED"),
        ("{ echo(text: " + "[" * 2_000 + "]" * 2_000 + ") }", "GRAPHQL_PARSE_FAILED"),
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ product(id: "1") }', "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...A } fragment A on Query { ...A }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "OPERATION_RESOLUTION_FAILURE"),
        ("fragment A on Query { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($t: String!) { echo(text: $t) }", "BAD_USER_INPUT"),
        ("subscription { reviewAdded { id } }", "SUBSCRIPTION_NEEDS_STREAM"),
        ('{ product(id: "1") ' + "{ child " * 15 + "{ id }" + " }" * 15 + " }", "MAX_DEPTH_EXCEEDED"),
        (
            "{ " + " ".join(f'a{n}: product(id: "1") {{ id }}' for n in range(21)) + " }",
            "MAX_ROOT_FIELDS_EXCEEDED",
        ),
        (
            '{ product(id: "1") { ' + " ".join(f"a{n}: name" for n in range(31)) + " } }",
            "MAX_ALIASES_EXCEEDED",
        ),
        ("{ __typename " + "@include(if: true) " * 51 + "}", "MAX_DIRECTIVES_EXCEEDED"),
        ("{ " + "__typename " * 5_000 + "}", "MAX_TOKENS_EXCEEDED"),
    ],
)
async def test_an_operation_that_cannot_run_has_a_code(
    in_production: Platform, query: str, code: str
) -> None:
    new = await in_production.ask(query, headers=NEW)
    old = await in_production.ask(query)

    assert set(new.codes) == {code}
    assert (new.status, old.status) == (400, 200)
    assert "data" not in new.body


async def test_a_limit_names_itself_and_its_value(in_production: Platform) -> None:
    answer = await in_production.ask("{ __typename " + "@skip(if: false) " * 51 + "}")

    [error] = answer.body["errors"]
    assert error["message"] == "The operation has 51 directives; the limit max_directives is 50."
    assert error["extensions"]["limit"] == 50


async def test_variables_that_do_not_fit_are_refused_without_showing_them(in_production: Platform) -> None:
    answer = await in_production.ask(
        "query($t: String!) { echo(text: $t) }", variables={"t": {"password": "hunter2"}}
    )

    assert answer.codes == ["BAD_USER_INPUT"]
    assert "$t" in answer.body["errors"][0]["message"]
    assert "hunter2" not in str(answer.body)


async def test_introspection_and_suggestions_are_off_in_production(in_production: Platform) -> None:
    schema = await in_production.ask("{ __schema { queryType { name } } }")
    typo = await in_production.ask("{ productz { id } }")

    assert set(schema.codes) == {"GRAPHQL_VALIDATION_FAILED"}
    assert "Did you mean" not in str(typo.body)


async def test_the_explorer_is_off_in_production(in_production: Platform) -> None:
    answer = await in_production.send("GET", headers={"accept": "text/html"})

    assert answer.status in (400, 406)
    assert "html" not in answer.headers["content-type"]


async def test_the_request_id_comes_back(platform: Platform) -> None:
    given = await platform.ask("{ __typename }", headers={"x-request-id": "abc-1"})
    refused = await platform.ask("{", headers={"x-request-id": "abc-2"})
    evil = await platform.ask("{ __typename }", headers={"x-request-id": "a b"})

    assert given.headers["x-request-id"] == "abc-1"
    assert refused.headers["x-request-id"] == "abc-2"
    assert len(evil.headers["x-request-id"]) == 32


async def test_an_error_with_a_code_is_shown_without_its_stack(platform: Platform) -> None:
    answer = await platform.ask('{ echo(text: "a") fail(code: "INVOICE_ALREADY_PAID") }')

    assert answer.body["data"] == {"echo": "a", "fail": None}
    [error] = answer.body["errors"]
    assert error["message"] == "It is INVOICE_ALREADY_PAID"
    assert error["path"] == ["fail"]
    assert error["extensions"] == {"code": "INVOICE_ALREADY_PAID", "field": "x", "service": "products"}


@pytest.mark.parametrize("query", ["{ fail }", '{ fail(code: "INTERNAL_SERVER_ERROR") }'])
async def test_any_other_error_is_masked_outside_and_whole_in_the_log(
    platform: Platform, query: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await platform.ask(query, headers={"x-request-id": "r-7"})

    [error] = answer.body["errors"]
    assert error["path"] == ["fail"]
    [record] = [each for each in caplog.records if "masked" in each.message]
    assert error["extensions"] == {
        "code": "INTERNAL_SERVER_ERROR",
        "errorId": record.__dict__["error_id"],
        "requestId": "r-7",
        "service": "products",
    }
    assert "hunter2" not in str(answer.body)
    assert record.__dict__["request_id"] == "r-7"
    assert "hunter2" in record.message or "It is" in record.message


async def test_the_refresh_cookie_goes_to_its_owner_and_comes_back_from_it(platform: Platform) -> None:
    cookie = {"cookie": "__Host-atrium-refresh=r1; a=b"}

    signed_in = await platform.ask("mutation { signIn }", headers=cookie)
    other = await platform.ask('mutation { review(product: "1", text: "x") { id } }', headers=cookie)

    assert signed_in.body == {"data": {"signIn": True}}
    [set_cookie] = signed_in.headers.getall("set-cookie")
    assert set_cookie.startswith("__Host-atrium-refresh=r2; ")
    assert "set-cookie" not in other.headers
    assert platform.products.calls[0].headers["cookie"] == "__Host-atrium-refresh=r1"
    assert "cookie" not in platform.reviews.calls[0].headers


async def test_fifty_clients_with_the_same_new_query_have_it_planned_once(platform: Platform) -> None:
    answers = await asyncio.gather(*(platform.ask("{ products { id name } }") for _ in range(50)))

    assert {answer.status for answer in answers} == {200}
    assert platform.app.router.caches.plans.made == 1


async def test_clients_that_format_differently_share_a_plan(platform: Platform) -> None:
    await platform.ask("{ products { id name } }")
    await platform.ask("query { ...P } fragment P on Query { products { id, name } }")

    assert platform.app.router.caches.plans.made == 1
