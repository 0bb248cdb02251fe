"""Who gets which document: modes, clients, applications, hashes; and that nobody learns what others have."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

import pytest

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.ids import uuid7
from common.operations.documents import ClientDocuments, SafelistMode, TrustedDocuments, digest_of
from router.errors import (
    ClientError,
    DocumentIdRequired,
    DocumentUnknown,
    OperationNotRegistered,
    PersistedQueryHashMismatch,
    PersistedQueryNotFound,
    PersistedQueryNotSupported,
)
from router.persisted import desk as desks
from router.persisted.automatic import AutomaticDocuments
from router.persisted.desk import Desk, Outcome
from router.persisted.library import LibraryRefused, library_of

SHARED, WEB, AGENT = "query Shared { a }", "query Web { b }", "query Agent { c }"
APPLICATION, OTHER_APPLICATION = uuid7(), uuid7()


def documents(*texts: str, **named: str) -> dict[str, str]:
    return {digest_of(text): text for text in texts} | named


def desk(
    mode: SafelistMode = SafelistMode.OFF, *, automatic: bool = True, agent: SafelistMode | None = None
) -> Desk:
    trusted = TrustedDocuments(
        default_mode=mode,
        clients=(
            ClientDocuments(name="default", documents=documents(SHARED)),
            ClientDocuments(name="web", documents=documents(WEB, home=WEB)),
            ClientDocuments(name="off", mode=SafelistMode.OFF, documents=documents()),
            ClientDocuments(
                name="agent",
                mode=agent,
                application_ids=frozenset({APPLICATION}),
                documents=documents(AGENT, home=AGENT),
            ),
        ),
    )
    return Desk(library_of(trusted), AutomaticDocuments(100_000) if automatic else None)


def named(client: str) -> Mapping[str, str]:
    return {"apollographql-client-name": client}


def application(id: UUID) -> Principal:
    return Principal(kind=PrincipalKind.APPLICATION, id=id)


class Chosen(NamedTuple):
    """The text to run, and whether it was asked for by the id that it is registered under."""

    text: str
    is_by_id: bool


async def choose(
    at: Desk,
    *,
    text: str | None = None,
    id: str | None = None,
    digest: str | None = None,
    principal: Principal = ANONYMOUS,
    headers: Mapping[str, str] = {},
) -> Chosen:
    """As the pipeline does."""
    if text is None and (named := id or digest) is not None:
        registered = at.registered(named, principal, headers)
        if registered is not None:
            return Chosen(registered.body, True)
    chosen = await at.choose(text=text, id=id, digest=digest, principal=principal, headers=headers)
    return Chosen(chosen, False)


async def test_a_registered_document_is_found_by_its_id_or_digest() -> None:
    at = desk()
    for id in ("home", digest_of(WEB), f"sha256:{digest_of(WEB)}"):
        assert await choose(at, id=id, headers=named("web")) == Chosen(WEB, True)
    assert await choose(at, digest=digest_of(WEB), headers=named("web")) == Chosen(WEB, True)


async def test_what_the_nameless_registered_is_there_for_every_client_without_keys() -> None:
    at = desk()
    for headers in ({}, named("web"), named("nobody-knows-me")):
        assert (await choose(at, id=digest_of(SHARED), headers=headers)).text == SHARED
    with pytest.raises(DocumentUnknown):
        await choose(at, id=digest_of(SHARED), principal=application(APPLICATION))


async def test_one_id_may_mean_different_documents_to_different_clients() -> None:
    at = desk()

    assert (await choose(at, id="home", headers=named("web"))).text == WEB
    assert (await choose(at, id="home", principal=application(APPLICATION))).text == AGENT


@pytest.mark.parametrize("mode", SafelistMode)
async def test_an_id_of_somebody_else_is_answered_like_one_of_nobody(mode: SafelistMode) -> None:
    at = desk(mode)
    said = set()
    for id in (digest_of(AGENT), f"sha256:{digest_of(AGENT)}", "home", "f" * 64, "__proto__", "../../x"):
        for headers in ({}, named("agent"), named("nobody")):
            with pytest.raises(DocumentUnknown) as refused:
                await choose(at, id=id, headers=headers)
            said.add((refused.value.message, refused.value.code))

    assert len(said) == 1


async def test_an_application_is_known_by_its_key_and_not_by_what_it_calls_itself() -> None:
    at = desk()

    assert (
        await choose(at, id="home", principal=application(APPLICATION), headers=named("web"))
    ).text == AGENT
    with pytest.raises(DocumentUnknown):
        await choose(at, id="home", principal=application(OTHER_APPLICATION), headers=named("web"))


@pytest.mark.parametrize(
    ("mode", "refusal"),
    [
        (SafelistMode.OFF, None),
        (SafelistMode.LOG, None),
        (SafelistMode.KNOWN, OperationNotRegistered),
        (SafelistMode.ID, DocumentIdRequired),
    ],
)
async def test_what_a_client_may_send_follows_its_mode(
    mode: SafelistMode, refusal: type[ClientError] | None
) -> None:
    at = desk(mode)
    for headers in ({}, named("web"), named("nobody")):
        if refusal is None:
            assert await choose(at, text="{ strange }", headers=headers) == Chosen("{ strange }", False)
        else:
            with pytest.raises(refusal):
                await choose(at, text="{ strange }", headers=headers)

    assert (await choose(at, text="{ strange }", headers=named("off"))).text == "{ strange }"


async def test_a_known_text_may_be_written_differently_and_runs_as_it_was_registered() -> None:
    at = desk(SafelistMode.KNOWN)

    assert (await choose(at, text="query  Web,{b} # hello", headers=named("web"))).text == WEB
    for more in ("query Web { b x }", "query Web { x: b }", "query Wob { b }", f"{WEB} {WEB}", AGENT):
        with pytest.raises(OperationNotRegistered):
            await choose(at, text=more, headers=named("web"))


async def test_a_text_that_is_far_too_long_is_not_even_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    at = desk(SafelistMode.KNOWN)
    assert (await choose(at, text=WEB + "#" * 8_000, headers=named("web"))).text == WEB
    monkeypatch.setattr(desks, "canonical", None)

    with pytest.raises(OperationNotRegistered):
        await choose(at, text=WEB + "#" * 9_000, headers=named("web"))


@pytest.mark.parametrize("headers", [{}, named("web"), named("off")], ids=str)
async def test_an_application_with_registered_operations_runs_only_those(
    headers: Mapping[str, str],
) -> None:
    at = desk(SafelistMode.OFF)

    assert (await choose(at, text=AGENT, principal=application(APPLICATION), headers=headers)).text == AGENT
    for text in (WEB, SHARED, "{ strange }"):
        with pytest.raises(OperationNotRegistered):
            await choose(at, text=text, principal=application(APPLICATION), headers=headers)


async def test_the_mode_of_an_applications_client_says_otherwise() -> None:
    lenient, strict = desk(agent=SafelistMode.OFF), desk(agent=SafelistMode.ID)

    assert (await choose(lenient, text=WEB, principal=application(APPLICATION))).text == WEB
    with pytest.raises(DocumentIdRequired):
        await choose(strict, text=AGENT, principal=application(APPLICATION))


async def test_an_application_that_registered_nothing_has_the_default_mode() -> None:
    assert (await choose(desk(), text=WEB, principal=application(OTHER_APPLICATION))).text == WEB
    with pytest.raises(OperationNotRegistered):
        await choose(desk(SafelistMode.KNOWN), text=SHARED, principal=application(OTHER_APPLICATION))


async def test_a_text_that_came_with_its_hash_is_found_by_it() -> None:
    at, text = desk(), "{ new }"
    with pytest.raises(PersistedQueryNotFound):
        await choose(at, digest=digest_of(text))

    assert (await choose(at, text=text, digest=digest_of(text))).text == text

    assert await choose(at, digest=digest_of(text)) == Chosen(text, False)


@pytest.mark.parametrize("digest", ["f" * 64, digest_of(WEB), digest_of("{ a }").upper(), "x"])
async def test_a_text_is_never_kept_under_another_hash(digest: str) -> None:
    at = desk()

    with pytest.raises(PersistedQueryHashMismatch):
        await choose(at, text="{ a }", digest=digest)

    with pytest.raises(PersistedQueryNotFound):
        await choose(at, digest=digest)


async def test_whoever_is_kept_to_a_list_sneaks_nothing_in_by_hash() -> None:
    known, by_id, text = desk(SafelistMode.KNOWN), desk(SafelistMode.ID), "{ strange }"
    await choose(known, text=text, digest=digest_of(text), headers=named("off"))
    with pytest.raises(OperationNotRegistered):
        await choose(known, digest=digest_of(text))
    with pytest.raises(OperationNotRegistered):
        await choose(known, text=text, digest=digest_of(text))

    await choose(by_id, text=text, digest=digest_of(text), headers=named("off"))
    with pytest.raises(DocumentUnknown):
        await choose(by_id, digest=digest_of(text))
    with pytest.raises(DocumentIdRequired):
        await choose(by_id, text=text, digest=digest_of(text))


async def test_a_known_text_that_is_written_differently_is_kept_under_its_own_hash() -> None:
    at, text = desk(SafelistMode.KNOWN), "query Web{b}"

    await choose(at, text=text, digest=digest_of(text), headers=named("web"))

    assert (await choose(at, digest=digest_of(text), headers=named("web"))).text == WEB


async def test_without_automatic_documents_clients_are_told_to_stop_asking_by_hash() -> None:
    at = desk(automatic=False)

    with pytest.raises(PersistedQueryNotSupported):
        await choose(at, digest=digest_of("{ a }"))
    assert (await choose(at, text="{ a }", digest=digest_of("{ a }"))).text == "{ a }"


async def test_a_flood_of_texts_takes_no_more_memory_than_there_is() -> None:
    automatic = AutomaticDocuments(100_000)
    for number in range(1_000):
        text = f"query Flood{number} {{ {'a ' * 500} }}"
        await automatic.put(digest_of(text), text)

    assert automatic.bytes <= 100_000
    assert 0 < len(automatic) < 100


async def test_a_shared_store_is_asked_and_not_believed() -> None:
    class Store:
        def __init__(self) -> None:
            self.texts: dict[str, str] = {digest_of("{ poisoned }"): "{ other }"}

        async def get(self, digest: str) -> str | None:
            return self.texts.get(digest)

        async def put(self, digest: str, text: str) -> None:
            self.texts[digest] = text

    store = Store()
    await AutomaticDocuments(100_000, store).put(digest_of("{ a }"), "{ a }")
    elsewhere = AutomaticDocuments(100_000, store)

    assert await elsewhere.get(digest_of("{ a }")) == "{ a }"
    assert await elsewhere.get(digest_of("{ poisoned }")) is None
    assert (elsewhere.hits, elsewhere.misses) == (1, 1)


async def test_most_requests_are_no_business_of_the_desk() -> None:
    assert not Desk().concerns(None, None)
    assert Desk().concerns("x", None)
    assert Desk().concerns(None, "x")
    assert desk(SafelistMode.LOG).concerns(None, None)


async def test_outcomes_are_counted_under_names_that_were_registered() -> None:
    at = desk(SafelistMode.LOG)
    await choose(at, id="home", headers=named("web"))
    await choose(at, text="{ x }", headers=named("any name at all"))

    assert at.outcomes == {("web", Outcome.REGISTERED_ID): 1, ("", Outcome.STRANGE_TEXT): 1}


def test_documents_that_contradict_themselves_are_refused() -> None:
    for client in (
        ClientDocuments(name="web", documents={"f" * 64: WEB}),
        ClientDocuments(name="web", documents={f"sha256:{digest_of(SHARED)}": WEB}),
        ClientDocuments(name="default", application_ids=frozenset({APPLICATION})),
    ):
        with pytest.raises(LibraryRefused):
            library_of(TrustedDocuments(clients=(client,)))


def test_what_was_made_of_a_text_stays_with_it_when_others_change() -> None:
    before = library_of(TrustedDocuments(clients=(ClientDocuments(name="web", documents={"a": WEB}),)))
    registered = before.by_name["web"].by_id["a"]
    assert registered.ready is not None
    registered.ready["made"] = 1

    clients = (ClientDocuments(name="web", documents={"a": WEB, "b": SHARED}),)
    after = library_of(TrustedDocuments(clients=clients), before=before)

    assert after.by_name["web"].by_id["a"] is registered
    assert after.by_name["web"].by_id["b"].ready == {}
