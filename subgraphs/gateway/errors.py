"""What can go wrong with graphs and what is published into them; every code is stable."""

from collections.abc import Sequence

from common.errors import DomainError, Kind


class GraphNameTaken(DomainError):
    """The organisation has a graph with this name."""

    code = "GRAPH_NAME_TAKEN"
    kind = Kind.CONFLICT

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a graph {name!r} already.", path=("input", "name"))


class TooManyInGraph(DomainError):
    """The organisation or the graph has as many of these as it may."""

    code = "TOO_MANY_IN_GRAPH"
    kind = Kind.CONFLICT

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"There can be at most {limit} {what}.", extensions={"limit": limit})


class LastSubgraph(DomainError):
    """A graph that has subgraphs keeps at least one."""

    code = "LAST_SUBGRAPH"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("A graph keeps at least one subgraph.", path=("input", "name"))


class SubgraphReserved(DomainError):
    """The platform's own domains are published by the platform alone."""

    code = "SUBGRAPH_RESERVED"
    kind = Kind.CONFLICT

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} is a part of the platform itself: choose another name.", path=("input", "name")
        )


class SchemaDoesNotCompose(DomainError):
    """The subgraphs do not make a supergraph; nothing was changed. `problems` has every reason."""

    code = "SCHEMA_DOES_NOT_COMPOSE"
    kind = Kind.INVALID

    def __init__(self, problems: Sequence[object]) -> None:
        count = len(problems)
        found = "one problem" if count == 1 else f"{count} problems"
        super().__init__(f"The subgraphs do not compose: {found} found; nothing was changed.")
        self.problems = tuple(problems)


class CompositionTooExpensive(DomainError):
    """Composing took more time or memory than it may."""

    code = "COMPOSITION_TOO_EXPENSIVE"
    kind = Kind.INVALID

    def __init__(self) -> None:
        super().__init__("Composing these subgraphs takes more time or memory than it may.")


class GraphTooLarge(DomainError):
    """The schemas of a graph are too much together."""

    code = "GRAPH_TOO_LARGE"
    kind = Kind.INVALID

    def __init__(self, largest: int) -> None:
        super().__init__(
            f"The schemas of a graph have at most {largest} bytes together.",
            path=("input", "sdl"),
            extensions={"limit": largest},
        )


class TooMuchText(DomainError):
    """The schemas that a query asks for are too much at once."""

    code = "TOO_MUCH_TEXT"
    kind = Kind.INVALID

    def __init__(self, most: int) -> None:
        super().__init__(f"These schemas have more than {most} bytes: ask for fewer at once.")


class SupergraphNumberConflict(DomainError):
    """Somebody published since the caller looked."""

    code = "SUPERGRAPH_NUMBER_CONFLICT"
    kind = Kind.CONFLICT

    def __init__(self, *, expected: int, current: int) -> None:
        super().__init__(
            f"Number {expected} was expected to be the latest, but it is {current}.",
            path=("input", "expectedNumber"),
            extensions={"currentNumber": current},
        )


class GraphChangedMeanwhile(DomainError):
    """Others changed the graph again and again while this change was composed."""

    code = "GRAPH_CHANGED_MEANWHILE"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("Others keep changing this graph at this moment; try again.")


class SupergraphAlreadyActive(DomainError):
    """One cannot roll back to what is active."""

    code = "SUPERGRAPH_ALREADY_ACTIVE"
    kind = Kind.CONFLICT

    def __init__(self, number: int) -> None:
        super().__init__(f"Number {number} is active.", path=("input", "number"))


class NothingToRollBackTo(DomainError):
    """No other supergraph was active before this one."""

    code = "NOTHING_TO_ROLL_BACK_TO"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("No other supergraph was active before: activate one by its number.")


class ArtefactKeyMissing(DomainError):
    """This process has no key to sign artefacts with."""

    code = "ARTEFACT_KEY_MISSING"
    kind = Kind.UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("The registry has no key to sign with.")


class NoActiveSupergraph(DomainError):
    """Operations are checked against the active supergraph, and there is none."""

    code = "NO_ACTIVE_SUPERGRAPH"
    kind = Kind.CONFLICT

    def __init__(self, contract: str) -> None:
        which = f"no active supergraph with the contract {contract!r}" if contract else "no active supergraph"
        super().__init__(f"The graph has {which}: activate one first, operations are checked against it.")


class DocumentsRefused(DomainError):
    """Documents do not fit the active schema; nothing was changed. `problems` has every reason."""

    code = "DOCUMENTS_REFUSED"
    kind = Kind.INVALID

    def __init__(self, problems: Sequence[object]) -> None:
        count = len(problems)
        found = "one problem" if count == 1 else f"{count} problems"
        super().__init__(f"The operations do not fit the active schema: {found} found; nothing was changed.")
        self.problems = tuple(problems)


class DocumentsTooExpensive(DomainError):
    """Checking documents took more time or memory than it may."""

    code = "DOCUMENTS_TOO_EXPENSIVE"
    kind = Kind.INVALID

    def __init__(self) -> None:
        super().__init__("Checking these operations takes more time or memory than it may: give fewer.")


class DocumentsTooLarge(DomainError):
    """The documents of a graph are too much together."""

    code = "DOCUMENTS_TOO_LARGE"
    kind = Kind.CONFLICT

    def __init__(self, largest: int) -> None:
        super().__init__(
            f"The operations of a graph have at most {largest} bytes together: retire versions nobody uses.",
            path=("input", "documents"),
            extensions={"limit": largest},
        )


class DocumentsMissing(DomainError):
    """Documents were given by their digests alone, and the graph has no such texts."""

    code = "DOCUMENTS_MISSING"
    kind = Kind.CONFLICT

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            f"The graph has no text for {len(missing)} of the digests, {missing[0]} for one: give bodies.",
            path=("input", "documents"),
        )


class DocumentIdTaken(DomainError):
    """Another version of the client uses the id for another text."""

    code = "DOCUMENT_ID_TAKEN"
    kind = Kind.CONFLICT

    def __init__(self, id: str, version: str) -> None:
        super().__init__(
            f"The id {id!r} stands for another text in version {version!r} of this client:"
            " give the document another id, or retire that version first.",
            path=("input", "documents"),
        )


class ClientVersionDiffers(DomainError):
    """The version was published with other documents."""

    code = "CLIENT_VERSION_DIFFERS"
    kind = Kind.CONFLICT

    def __init__(self, version: str, *, added: int, missing: int) -> None:
        super().__init__(
            f"Version {version!r} is published with other documents ({added} of these are new to it,"
            f" {missing} of its own are missing here): publish another version, or replace this one.",
            path=("input", "version"),
        )


class ApplicationBoundElsewhere(DomainError):
    """The application is another client of this graph."""

    code = "APPLICATION_BOUND_ELSEWHERE"
    kind = Kind.CONFLICT

    def __init__(self, client: str) -> None:
        super().__init__(
            f"One of the applications is the client {client!r} already: take it from there first.",
            path=("input", "applicationIds"),
        )


class UsageUnreadable(DomainError):
    """What a router reported is no batch of usage."""

    code = "USAGE_UNREADABLE"
    kind = Kind.INVALID

    def __init__(self, why: str) -> None:
        super().__init__(f"This is no report of usage: {why}.")


class NotThePlatforms(DomainError):
    """Only whoever owns the platform's graph may say what holds for everyone."""

    code = "NOT_THE_PLATFORMS"
    kind = Kind.FORBIDDEN

    def __init__(self) -> None:
        super().__init__(
            "Only the organization that owns the platform's graph may say what holds for everyone."
        )


class WouldLockOut(DomainError):
    """With this change the caller could not come from where the caller is."""

    code = "WOULD_LOCK_OUT"
    kind = Kind.CONFLICT

    def __init__(self) -> None:
        super().__init__("With this change you could not come from your own address any more.")
