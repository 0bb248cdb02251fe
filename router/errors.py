"""What can go wrong in the router, and what the client is told.

RouterError
├── ClientError                  its message may be shown
│   ├── BadRequest               BAD_REQUEST                    400
│   ├── BatchTooLarge            MAX_BATCH_EXCEEDED             400
│   ├── CrossSiteRequest         CSRF_PREVENTED                 400
│   ├── MethodNotAllowed         METHOD_NOT_ALLOWED             405
│   ├── NotAcceptable            NOT_ACCEPTABLE                 406
│   ├── PayloadTooLarge          PAYLOAD_TOO_LARGE              413
│   │   └── UploadTooLarge       PAYLOAD_TOO_LARGE              413
│   ├── UploadsUnavailableNow    UPLOADS_UNAVAILABLE            503
│   ├── UnsupportedMediaType     UNSUPPORTED_MEDIA_TYPE         415
│   │   └── UnsupportedCoding    UNSUPPORTED_MEDIA_TYPE         415
│   ├── Unauthenticated          UNAUTHENTICATED                401
│   │   └── TokenExpired         TOKEN_EXPIRED                  401
│   ├── Forbidden                FORBIDDEN                      403
│   ├── IpNotAllowed             IP_NOT_ALLOWED                 403
│   ├── RateLimited              RATE_LIMITED                   429
│   ├── LimitsUncounted          RATE_LIMITS_UNAVAILABLE        503
│   ├── CredentialsUnchecked     CREDENTIALS_UNAVAILABLE        503
│   ├── NotReady                 NOT_READY                      503
│   ├── TooManyStreams           TOO_MANY_STREAMS               503
│   ├── TooManyConnections       TOO_MANY_CONNECTIONS           429
│   ├── TooManyOperations        TOO_MANY_OPERATIONS            429
│   ├── Overloaded               OVERLOADED                     503
│   ├── ShuttingDown             SHUTTING_DOWN                  503
│   ├── RequestTimeout           REQUEST_TIMEOUT                504
│   ├── PlanTimeout              PLAN_TIMEOUT                   503
│   ├── PlannerBusy              PLANNER_BUSY                   503
│   ├── OperationNoLongerValid   OPERATION_NO_LONGER_VALID      410
│   └── OperationRefused         well-formed HTTP, an operation that cannot run: 400, or 200 in plain JSON
│       ├── ParseFailed          GRAPHQL_PARSE_FAILED
│       ├── ValidationFailed     GRAPHQL_VALIDATION_FAILED
│       ├── BadUserInput         BAD_USER_INPUT
│       ├── OperationUnresolved  OPERATION_RESOLUTION_FAILURE
│       ├── PersistedQueryNotFound, PersistedQueryHashMismatch, DocumentUnknown, OperationNotRegistered,
│       │   DocumentIdRequired   PERSISTED_QUERY_NOT_FOUND, PERSISTED_DOCUMENT_NOT_FOUND, ...
│       ├── FieldsUnauthorised   UNAUTHORIZED_FIELD_OR_TYPE     403
│       ├── CostTooHigh          COST_ESTIMATED_TOO_EXPENSIVE
│       ├── SlicingArgumentRequired  SLICING_ARGUMENT_REQUIRED
│       └── LimitExceeded        one subclass a limit: MAX_DEPTH_EXCEEDED, MAX_ALIASES_EXCEEDED, ...
└── InternalError                INTERNAL_SERVER_ERROR          500, masked outside, logged inside
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from common.limits.rate_limits import RateLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One entry of a response's `errors`; `locations` are (line, column) pairs of the document."""

    message: str
    locations: tuple[tuple[int, int], ...] = ()
    path: tuple[str | int, ...] | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict)


class RouterError(Exception):
    """The root of the tree. `code` goes to `extensions.code`."""

    code: ClassVar[str]
    status: ClassVar[int]


class InternalError(RouterError):
    """Our own fault: the client sees a neutral sentence, the log sees this one and its cause."""

    code = "INTERNAL_SERVER_ERROR"
    status = 500


class ClientError(RouterError):
    """Something the client can act on.

    `status` is the HTTP status; `json_status` the one for clients that only take `application/json`
    (GraphQL over HTTP keeps 200 there for operations that were refused). Unless it `is_lasting`, who asks the
    same again may be lucky.
    """

    code: ClassVar[str] = "BAD_REQUEST"
    status: ClassVar[int] = 400
    json_status: ClassVar[int | None] = None
    headers: tuple[tuple[str, str], ...] = ()
    is_lasting: ClassVar[bool] = True

    def __init__(self, message: str, *, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.message = message
        self._problems = tuple(problems)

    def again(self) -> Self:
        """The same refusal without what was raised with it: a traceback holds on to whole requests."""
        twin = type(self).__new__(type(self), *self.args)
        twin.__dict__.update(self.__dict__)
        return twin

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The entries for `errors`: one unless more were given."""
        return self._problems or (Problem(message=self.message),)


class BadRequest(ClientError):
    """The body or the query string is not a GraphQL request."""

    code = "BAD_REQUEST"


class BatchTooLarge(ClientError):
    """More operations come in one request than may."""

    code = "MAX_BATCH_EXCEEDED"

    def __init__(self, *, limit: int, actual: int) -> None:
        super().__init__(f"The batch has {actual} operations; the limit max_batch is {limit}.")


class CrossSiteRequest(ClientError):
    """A browser could have been tricked into sending this."""

    code = "CSRF_PREVENTED"


class MethodNotAllowed(ClientError):
    """Only GET (for queries) and POST reach the graph."""

    code = "METHOD_NOT_ALLOWED"
    status = 405
    headers = (("allow", "GET, POST"),)


class NotAcceptable(ClientError):
    """The client accepts no format that the router can write."""

    code = "NOT_ACCEPTABLE"
    status = 406


class PayloadTooLarge(ClientError):
    """The body is longer than the limit."""

    code = "PAYLOAD_TOO_LARGE"
    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is longer than the limit of {limit} bytes.")


class TooManyOperations(ClientError):
    """One socket, or the sockets of one caller, carry as many operations as they may."""

    code = "TOO_MANY_OPERATIONS"
    status = 429

    def __init__(self, limit: int, whose: str = "on this socket") -> None:
        super().__init__(f"More operations run {whose} than the limit of {limit}.")


class TooManyConnections(ClientError):
    """One client holds as many sockets and streams as it may."""

    code = "TOO_MANY_CONNECTIONS"
    status = 429
    headers = (("retry-after", "5"),)

    def __init__(self, limit: int, whose: str) -> None:
        super().__init__(f"More sockets and streams are open {whose} than the limit of {limit}.")


class Overloaded(ClientError):
    """More requests come than can be answered; this one was not begun."""

    code = "OVERLOADED"
    status = 503
    headers = (("retry-after", "1"),)
    is_lasting = False

    def __init__(self) -> None:
        super().__init__("Too many requests at once: ask again in a moment.")


class UploadTooLarge(PayloadTooLarge):
    """A file, or all files of a request, are larger than the limit."""

    def __init__(self, what: str, limit: int) -> None:
        ClientError.__init__(self, f"{what} larger than the limit of {limit} bytes.")


class UploadsUnavailableNow(ClientError):
    """Uploaded files cannot be kept now, or too many are on their way."""

    code = "UPLOADS_UNAVAILABLE"
    status = 503

    def __init__(self) -> None:
        super().__init__("Files cannot be taken now; try again.")


class BodyTimeout(ClientError):
    """The body did not come in time."""

    code = "BODY_TIMEOUT"
    status = 408

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The body did not come within {seconds:g} s.")


class HeadersTooLarge(ClientError):
    """There are too many headers, or they are too long."""

    code = "HEADERS_TOO_LARGE"
    status = 431

    def __init__(self, limit: int) -> None:
        super().__init__(f"The headers are longer than the limit of {limit} bytes.")


class PersistedQueryNotSupported(ClientError):
    """A client asks by hash only; on this answer it sends the document itself."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"
    json_status = 200

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotSupported")


class UnsupportedMediaType(ClientError):
    """The body is of a type that the router does not read."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415


class UnsupportedCoding(UnsupportedMediaType):
    """The body is compressed in a way that the router does not read."""

    headers = (("accept-encoding", "zstd, br, gzip"),)

    def __init__(self) -> None:
        super().__init__("A body may be compressed once, as zstd, br or gzip.")


class Unauthenticated(ClientError):
    """The credential is wrong; not sent when there is none."""

    code = "UNAUTHENTICATED"
    status = 401
    headers = (("www-authenticate", "Bearer"),)


class TokenExpired(Unauthenticated):
    """The access token was good once."""

    code = "TOKEN_EXPIRED"
    headers = (("www-authenticate", 'Bearer error="invalid_token", error_description="expired"'),)


class Forbidden(ClientError):
    """The caller is known and may not do this."""

    code = "FORBIDDEN"
    status = 403


class IpNotAllowed(ClientError):
    """Nobody, or not this caller, may come from this address."""

    code = "IP_NOT_ALLOWED"
    status = 403
    is_lasting = False

    def __init__(self) -> None:
        super().__init__("Requests from this address are not allowed.")


class RateLimited(ClientError):
    """A limit is used up; the sentence and the extensions name it."""

    code = "RATE_LIMITED"
    status = 429
    is_lasting = False

    def __init__(self, limit: RateLimit, retry_after: int | None, *, cost: int) -> None:
        many = f"{limit.limit} {limit.unit} in {limit.window} s"
        if retry_after is None:
            message = f"This costs {cost}, and the limit {limit.name!r} allows {many}."
        else:
            message = f"The limit {limit.name!r} of {many} is used up; try again in {retry_after} s."
        extensions: dict[str, Any] = {
            "policy": limit.name,
            "limit": limit.limit,
            "window": limit.window,
            "unit": limit.unit.value,
            "retryAfter": retry_after,
        }
        super().__init__(message, problems=(Problem(message=message, extensions=extensions),))
        if retry_after is not None:
            self.headers = (("retry-after", str(retry_after)),)


class LimitsUncounted(ClientError):
    """Nobody can count now, and this limit refuses then."""

    code = "RATE_LIMITS_UNAVAILABLE"
    status = 503
    headers = (("retry-after", "1"),)
    is_lasting = False

    def __init__(self, name: str) -> None:
        super().__init__(f"The limit {name!r} cannot be counted at the moment, so nothing passes it.")


class CredentialsUnchecked(ClientError):
    """Whoever checks credentials is away."""

    code = "CREDENTIALS_UNAVAILABLE"
    status = 503
    headers = (("retry-after", "1"),)


class NotReady(ClientError):
    """No supergraph is loaded yet."""

    code = "NOT_READY"
    status = 503
    headers = (("retry-after", "1"),)


class TooManyStreams(ClientError):
    """This process carries as many event streams as it may."""

    code = "TOO_MANY_STREAMS"
    status = 503
    headers = (("retry-after", "1"),)

    def __init__(self, limit: int) -> None:
        super().__init__(f"More event streams are open than the limit of {limit}.")


class ShuttingDown(ClientError):
    """This process ends; another one answers."""

    code = "SHUTTING_DOWN"
    status = 503
    headers = (("retry-after", "1"),)

    def __init__(self) -> None:
        super().__init__("This server ends: ask again.")


class PlanTimeout(ClientError):
    """No plan was found in time."""

    code = "PLAN_TIMEOUT"
    status = 503

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Planning took longer than the limit of {seconds:g} s; simplify the operation.")


class PlannerBusy(ClientError):
    """Too many large new operations come at once."""

    code = "PLANNER_BUSY"
    status = 503
    headers = (("retry-after", "1"),)
    is_lasting = False

    def __init__(self) -> None:
        super().__init__("Too many large operations that are new are waiting to be planned: ask again.")


class OperationNoLongerValid(ClientError):
    """A subscription does not fit the schema that is in use now."""

    code = "OPERATION_NO_LONGER_VALID"
    status = 410

    def __init__(self, refusal: ClientError) -> None:
        super().__init__(f"The schema has changed, and this subscription cannot go on: {refusal.message}")


class OperationRefused(ClientError):
    """The HTTP request was fine, its operation cannot run."""

    code = "OPERATION_REFUSED"
    json_status = 200


class SubscriptionNeedsStream(OperationRefused):
    """Events do not fit into one JSON answer."""

    code = "SUBSCRIPTION_NEEDS_STREAM"

    def __init__(self) -> None:
        super().__init__(
            "A subscription has many answers: open a WebSocket (graphql-transport-ws), or accept "
            "text/event-stream or multipart/mixed;subscriptionSpec=1.0."
        )


class ParseFailed(OperationRefused):
    """The document is not GraphQL."""

    code = "GRAPHQL_PARSE_FAILED"


class ValidationFailed(OperationRefused):
    """The document does not fit the schema."""

    code = "GRAPHQL_VALIDATION_FAILED"


class BadUserInput(OperationRefused):
    """The variables do not fit their types."""

    code = "BAD_USER_INPUT"


class OperationUnresolved(OperationRefused):
    """It is not clear which operation of the document to run."""

    code = "OPERATION_RESOLUTION_FAILURE"


class PersistedQueryNotFound(OperationRefused):
    """A client asks by hash, and nobody has sent this document yet; on this answer it sends it itself."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class PersistedQueryHashMismatch(OperationRefused):
    """A document comes with the hash of another one."""

    code = "PERSISTED_QUERY_HASH_MISMATCH"

    def __init__(self) -> None:
        super().__init__("The sha256Hash is not that of the query.")


class DocumentUnknown(OperationRefused):
    """Nothing is registered under this id for this client; whether another client has it, nobody is told."""

    code = "PERSISTED_DOCUMENT_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("No document is registered under this id for this client.")


class OperationNotRegistered(OperationRefused):
    """This client may send what it registered, and nothing else."""

    code = "OPERATION_NOT_REGISTERED"

    def __init__(self) -> None:
        super().__init__("This operation is not registered for this client, which may send no other.")


class DocumentIdRequired(OperationRefused):
    """This client may ask by id only."""

    code = "DOCUMENT_ID_REQUIRED"

    def __init__(self) -> None:
        super().__init__("This client may ask for its registered operations by documentId only.")


class LimitExceeded(OperationRefused):
    """The operation is larger than a limit; the sentence names the limit, its value and the setting."""

    code = "LIMIT_EXCEEDED"
    setting: ClassVar[str]
    counted: ClassVar[str]

    def __init__(self, *, limit: int, actual: int | None = None) -> None:
        found = f"more than {limit}" if actual is None else str(actual)
        message = f"The operation has {found} {self.counted}; the limit {self.setting} is {limit}."
        extensions = {"limit": limit} if actual is None else {"limit": limit, "actual": actual}
        super().__init__(message, problems=(Problem(message=message, extensions=extensions),))
        self.limit = limit
        self.actual = actual


class FieldsUnauthorised(OperationRefused):
    """The caller may not see something of the operation, and is not to get the rest without it."""

    code = "UNAUTHORIZED_FIELD_OR_TYPE"
    status = 403

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message, problems=problems)


class CostTooHigh(OperationRefused):
    """The operation may cost more than one request may."""

    code = "COST_ESTIMATED_TOO_EXPENSIVE"

    def __init__(self, *, estimated: int, limit: int) -> None:
        message = f"The operation may cost {estimated}; one may cost {limit} at most. Ask for less at once."
        extensions = {"cost": {"estimated": estimated, "max": limit}}
        super().__init__(message, problems=(Problem(message=message, extensions=extensions),))


class SlicingArgumentRequired(OperationRefused):
    """How long a list gets has to be said by exactly one argument."""

    code = "SLICING_ARGUMENT_REQUIRED"

    def __init__(self, at: str, names: Sequence[str], given: int) -> None:
        wanted = "one" if given else "a length by one"
        super().__init__(f'"{at}" needs {wanted} of the arguments {", ".join(names)}; {given} are given.')


class MaxDepthExceeded(LimitExceeded):
    """Selections are nested too deep."""

    code = "MAX_DEPTH_EXCEEDED"
    setting = "max_depth"
    counted = "levels"


class MaxAliasesExceeded(LimitExceeded):
    """Too many fields are renamed."""

    code = "MAX_ALIASES_EXCEEDED"
    setting = "max_aliases"
    counted = "aliases"


class MaxRootFieldsExceeded(LimitExceeded):
    """Too many fields stand at the root."""

    code = "MAX_ROOT_FIELDS_EXCEEDED"
    setting = "max_root_fields"
    counted = "root fields"


class MaxListSizeExceeded(LimitExceeded):
    """More items of a list are asked for than may be at once."""

    code = "MAX_LIST_SIZE_EXCEEDED"
    setting = "max_list_size"
    counted = "items"

    def __init__(self, *, limit: int, actual: int, at: str) -> None:
        super().__init__(limit=limit, actual=actual)
        message = f'"{at}" asks for {actual} items; the limit {self.setting} is {limit}.'
        self.message = message
        extensions = {"limit": limit, "actual": actual}
        self._problems = (Problem(message=message, extensions=extensions),)


class MaxDirectivesExceeded(LimitExceeded):
    """Too many directives are used."""

    code = "MAX_DIRECTIVES_EXCEEDED"
    setting = "max_directives"
    counted = "directives"


class MaxTokensExceeded(LimitExceeded):
    """The document is too long."""

    code = "MAX_TOKENS_EXCEEDED"
    setting = "max_tokens"
    counted = "tokens"


class MaxSelectionsExceeded(LimitExceeded):
    """The operation is too large once its fragments are written out."""

    code = "MAX_SELECTIONS_EXCEEDED"
    setting = "max_selections"
    counted = "selections with its fragments written out"
