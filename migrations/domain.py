"""What every domain's migrations share: schema, grants, row-level security, outbox and inbox.

Everything runs as atrium_owner, so what is made here belongs to it.
"""

from collections.abc import Sequence

from alembic import op

# Unset and empty both mean "nobody": the comparison is null and the row stays hidden. The sub-select
# makes PostgreSQL compute the value once per statement, not once per row.
ORGANIZATION = "(select nullif(current_setting('atrium.organization_id', true), '')::uuid)"
USER = "(select nullif(current_setting('atrium.user_id', true), '')::uuid)"

EVERYTHING = ("select", "insert", "update", "delete")
_RELAY = "atrium_events_system"


def open_domain(domain: str) -> None:
    """Make the domain's schema with its outbox and inbox; its roles exist already."""
    op.execute(f"create schema {domain}")
    op.execute(f"revoke all on schema {domain} from public")
    op.execute(f"grant usage on schema {domain} to atrium_{domain}, atrium_{domain}_system, {_RELAY}")
    _create_outbox(domain)
    _create_inbox(domain)


def close_domain(domain: str) -> None:
    """Drop the domain's schema and all that is in it."""
    op.execute(f"drop schema {domain} cascade")


def protect(
    domain: str,
    table: str,
    *,
    using: str = f"organization_id = {ORGANIZATION}",
    check: str | None = None,
    verbs: Sequence[str] = EVERYTHING,
    system_verbs: Sequence[str] = EVERYTHING,
) -> None:
    """Open a table to the domain's roles: to requests by policy, to named jobs wholly.

    `using` says which rows a request sees, `check` which rows it may write (the same, if not given).
    """
    name = f"{domain}.{table}"
    _enable(name)
    if verbs:
        op.execute(f"grant {', '.join(verbs)} on {name} to atrium_{domain}")
        op.execute(
            f"create policy by_organization on {name} to atrium_{domain}"
            f" using ({using}) with check ({check or using})"
        )
    if system_verbs:
        op.execute(f"grant {', '.join(system_verbs)} on {name} to atrium_{domain}_system")
        op.execute(f"create policy by_job on {name} to atrium_{domain}_system using (true) with check (true)")


def permit(domain: str, table: str, verb: str, rows: str) -> None:
    """One verb for requests, on the rows for which the expression holds.

    For tables that are read more widely than written: `protect(..., verbs=())` first, then each verb.
    """
    name = f"{domain}.{table}"
    clauses = {"select": "using", "delete": "using", "insert": "with check", "update": "using"}
    also = f" with check ({rows})" if verb == "update" else ""
    op.execute(f"grant {verb} on {name} to atrium_{domain}")
    op.execute(
        f"create policy {verb}_by_organization on {name} for {verb} to atrium_{domain}"
        f" {clauses[verb]} ({rows}){also}"
    )


def definer_function(
    domain: str, name: str, arguments: str, returns: str, body: str, *, writes: bool = False
) -> None:
    """A look-up before the identity is known: one fixed SQL query that runs with the system role's eyes.

    `definer_function("auth", "hash_of", "wanted uuid", "text", "select phc from auth.x where id = wanted")`
    """
    system = f"atrium_{domain}_system"
    kind = "volatile" if writes else "stable"
    op.execute(
        f"create function {domain}.{name}({arguments}) returns {returns} language sql {kind}"
        f" security definer set search_path = pg_catalog, pg_temp as $body$ {body} $body$"
    )
    types = ", ".join(_type_of(argument) for argument in arguments.split(",") if argument.strip())
    signature = f"{domain}.{name}({types})"
    op.execute(f"revoke all on function {signature} from public")
    op.execute(f"grant execute on function {signature} to atrium_{domain}")
    # The new owner must be allowed to create here for the moment of the change.
    op.execute(f"grant create on schema {domain} to {system}")
    op.execute(f"alter function {signature} owner to {system}")
    op.execute(f"revoke create on schema {domain} from {system}")


def _type_of(argument: str) -> str:
    return argument.strip().split(" ", 1)[1]


def _enable(name: str) -> None:
    op.execute(f"alter table {name} enable row level security")
    op.execute(f"alter table {name} force row level security")


def _create_outbox(domain: str) -> None:
    name = f"{domain}.outbox"
    op.execute(
        f"""
        create table {name} (
            sequence bigint generated always as identity constraint pk_outbox primary key,
            id uuid not null constraint uq_outbox_id unique,
            topic text not null,
            version integer not null,
            key text not null,
            organization_id uuid,
            actor_id uuid,
            request_id text,
            payload jsonb not null,
            occurred_at timestamptz not null,
            created_at timestamptz not null default now(),
            published_at timestamptz
        )
        """
    )
    op.execute(f"create index ix_outbox_unpublished on {name} (sequence) where published_at is null")
    op.execute(f"create index ix_outbox_published_at on {name} (published_at) where published_at is not null")
    _enable(name)
    roles = f"atrium_{domain}, atrium_{domain}_system"
    op.execute(f"grant insert on {name} to {roles}")
    op.execute(f"create policy add on {name} for insert to {roles} with check (published_at is null)")
    op.execute(f"grant select, update, delete on {name} to {_RELAY}")
    op.execute(f"create policy publish on {name} to {_RELAY} using (true) with check (true)")


def _create_inbox(domain: str) -> None:
    name = f"{domain}.inbox"
    op.execute(
        f"""
        create table {name} (
            consumer text not null,
            event_id uuid not null,
            claimed_at timestamptz not null default now(),
            failure text,
            constraint pk_inbox primary key (consumer, event_id)
        )
        """
    )
    op.execute(f"create index ix_inbox_claimed_at on {name} (claimed_at)")
    _enable(name)
    # Only named jobs handle events: requests have no business here.
    op.execute(f"grant select, insert, delete on {name} to atrium_{domain}_system")
    op.execute(f"create policy claim on {name} to atrium_{domain}_system using (true) with check (true)")
    if domain != "events":
        op.execute(f"grant select, delete on {name} to {_RELAY}")
        op.execute(f"create policy look on {name} to {_RELAY} using (true) with check (false)")
