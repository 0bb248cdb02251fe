"""Registered documents, arranged to be found at once: by client, id and text. Immutable, swapped whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from common.access.principal import Principal, PrincipalKind
from common.operations.documents import (
    DEFAULT_CLIENT,
    SHA256_PREFIX,
    ClientDocuments,
    SafelistMode,
    TrustedDocuments,
    digest_in,
    digest_of,
)
from router.persisted.canonical import canonical

NAME_HEADER, APOLLO_NAME_HEADER = "graphql-client-name", "apollographql-client-name"
NAME_HEADERS = (NAME_HEADER, APOLLO_NAME_HEADER)
MOST_READY = 1_000
LONGEST_READY = 5_000
"""So many documents, if they are no longer, keep what was made of them; others are made anew by need."""
VERSION_HEADERS = ("graphql-client-version", "apollographql-client-version")


class LibraryRefused(Exception):
    """The documents contradict themselves; says how."""


class Registered:
    """A text and its digest. `ready`: what the pipeline has made of it, if it is to be kept here."""

    __slots__ = ("_form", "body", "digest", "ready")

    def __init__(self, body: str, digest: str, *, is_kept_ready: bool = True) -> None:
        self.body = body
        self.digest = digest
        self.ready: dict[object, Any] | None = {} if is_kept_ready else None
        self._form: str | None = None

    @property
    def form(self) -> str:
        """Its canonical form, empty if it has none; made when first asked for."""
        if self._form is None:
            self._form = canonical(self.body) or ""
        return self._form


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Client:
    """Who asks, as far as documents go. `name` is empty for those who registered nothing.

    What is not its own it may find with `others`: the client of those who name none. `longest`: of all these
    texts, in characters.
    """

    name: str
    mode: SafelistMode
    by_id: Mapping[str, Registered] = field(default_factory=dict)
    by_text: Mapping[str, Registered] = field(default_factory=dict)
    by_form: Mapping[str, Registered] = field(default_factory=dict)
    longest: int = 0
    others: "Client | None" = None

    def asked_by_id(self, id: str) -> Registered | None:
        """The document with this id: the registered one, or `sha256:` and the digest of its text."""
        found = self.by_id.get(id)
        if found is not None:
            return found
        if id.startswith(SHA256_PREFIX):
            id = id.removeprefix(SHA256_PREFIX)
            found = self.by_id.get(id)
        return found if found is not None or self.others is None else self.others.by_id.get(id)

    def with_text(self, text: str) -> Registered | None:
        """The document with exactly this text."""
        found = self.by_text.get(text)
        return found if found is not None or self.others is None else self.others.by_text.get(text)

    def with_form(self, form: str) -> Registered | None:
        """The document with this canonical form."""
        found = self.by_form.get(form)
        return found if found is not None or self.others is None else self.others.by_form.get(form)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Library:
    """Everything registered. `is_strict`: there are clients whose texts have to be looked at."""

    default_mode: SafelistMode
    by_name: Mapping[str, Client]
    by_application: Mapping[UUID, Client]
    nameless: Client
    stranger: Client
    unregistered_application: Client
    is_strict: bool
    has_documents: bool
    registered: Mapping[str, Registered]

    def client_of(self, principal: Principal, headers: Mapping[str, str]) -> Client:
        """Whose documents hold: an API key's application's, or else those of the client that is named.

        Headers are anybody's word, so nobody gets at what belongs to keys by naming a client.
        """
        if principal.kind is PrincipalKind.APPLICATION and principal.id is not None:
            return self.by_application.get(principal.id, self.unregistered_application)
        name = headers.get(NAME_HEADER) or headers.get(APOLLO_NAME_HEADER)
        return self.nameless if not name else self.by_name.get(name, self.stranger)

    def __len__(self) -> int:
        return sum(len(client.by_text) for client in self.clients())

    def clients(self) -> Iterator[Client]:
        """Those that registered something."""
        yield from {id(client): client for client in self._all()}.values()

    def _all(self) -> Iterator[Client]:
        yield self.nameless
        yield from self.by_name.values()
        yield from self.by_application.values()


def header_of(headers: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """The first of these headers that says something."""
    for name in names:
        value = headers.get(name)
        if value:
            return value
    return None


def library_of(
    trusted: TrustedDocuments, *, mode: SafelistMode | None = None, before: Library | None = None
) -> Library:
    """The documents arranged; `mode` replaces their default one. Raises LibraryRefused.

    What was made of a text stays with it if it was there `before`.
    """
    default = mode or trusted.default_mode
    shelves = _Shelves(
        default=default,
        has_forms=_compares(trusted, default),
        before={} if before is None else before.registered,
    )
    given = {client.name: client for client in trusted.clients}
    own = given.get(DEFAULT_CLIENT) or ClientDocuments(name=DEFAULT_CLIENT)
    if own.application_ids:
        raise LibraryRefused(f"The client {DEFAULT_CLIENT!r} is everybody's and belongs to no application.")
    nameless = shelves.client(own)
    by_name, by_application = {DEFAULT_CLIENT: nameless}, {}
    for client in trusted.clients:
        if client.application_ids:
            bound = shelves.client(client, least=SafelistMode.KNOWN)
            for application in client.application_ids:
                if application in by_application:
                    raise LibraryRefused(f"The application {application} is bound to two clients.")
                by_application[application] = bound
        elif client.name != DEFAULT_CLIENT:
            by_name[client.name] = shelves.client(client, others=nameless)
    stranger = Client(name="", mode=default, longest=nameless.longest, others=nameless)
    apart = Client(name="", mode=default)
    everybody = (nameless, stranger, apart, *by_name.values(), *by_application.values())
    return Library(
        default_mode=default,
        by_name=by_name,
        by_application=by_application,
        nameless=nameless,
        stranger=stranger,
        unregistered_application=apart,
        is_strict=any(client.mode is not SafelistMode.OFF for client in everybody),
        has_documents=any(client.by_text for client in everybody),
        registered=shelves.registered,
    )


def _compares(trusted: TrustedDocuments, default: SafelistMode) -> bool:
    """Whether any client's texts are compared with registered ones."""
    modes = {default, *(client.mode for client in trusted.clients)}
    is_bound = any(client.application_ids and client.mode is None for client in trusted.clients)
    return is_bound or bool(modes & {SafelistMode.LOG, SafelistMode.KNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelves:
    """Makes clients; one text is kept once, whoever registered it."""

    default: SafelistMode
    has_forms: bool
    before: Mapping[str, Registered]
    registered: dict[str, Registered] = field(default_factory=dict)

    def client(
        self, given: ClientDocuments, *, least: SafelistMode = SafelistMode.OFF, others: Client | None = None
    ) -> Client:
        """The client; without a mode of its own it has the default one, or `least` if that is stricter."""
        by_id: dict[str, Registered] = {}
        by_text: dict[str, Registered] = {}
        by_form: dict[str, Registered] = {}
        for id, body in given.documents.items():
            known = self._registered(body)
            claimed = digest_in(id)
            if claimed is not None and claimed != known.digest:
                raise LibraryRefused(f"The id {id[:80]!r} of {given.name!r} is the digest of another text.")
            by_id[id.removeprefix(SHA256_PREFIX)] = by_id[known.digest] = by_text[body] = known
            if self.has_forms and known.form:
                by_form[known.form] = known
        return Client(
            name=given.name,
            mode=given.mode or max(self.default, least, key=list(SafelistMode).index),
            by_id=by_id,
            by_text=by_text,
            by_form=by_form,
            longest=max([0 if others is None else others.longest, *map(len, by_text)]),
            others=others,
        )

    def _registered(self, body: str) -> Registered:
        known = self.registered.get(body)
        if known is None:
            known = self.before.get(body)
            is_kept_ready = len(self.registered) < MOST_READY and len(body) <= LONGEST_READY
            if known is None or (known.ready is not None) is not is_kept_ready:
                known = Registered(body, digest_of(body), is_kept_ready=is_kept_ready)
            self.registered[body] = known
        return known
