"""Lint in one screen: read each document, ask every rule that applies, sort what they found."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from schema.document.parse import parse_schema
from schema.lint.finding import Document, Finding, Found, Level
from schema.lint.levels import Levels
from schema.lint.rules import RULES
from schema.subgraph.model import Subgraph

SHOWN_COLUMNS = 200
"""Characters of the source line that are shown with a finding."""

_LINE_ENDS = re.compile(r"\r\n|\n|\r")


class NotASchema(Exception):
    """A document is no GraphQL schema; says where and why."""


def lint(documents: Iterable[Subgraph], levels: Levels) -> tuple[Finding, ...]:
    """Everything found in subgraphs or client schemas, by place; raises NotASchema."""
    found = [finding for subgraph in documents for finding in _findings(_document(subgraph), levels)]
    return tuple(sorted(found, key=lambda finding: finding.rank))


def _document(subgraph: Subgraph) -> Document:
    schema, errors = parse_schema(subgraph.sdl, subgraph.name)
    if schema is None or errors:
        raise NotASchema("\n".join(error.as_text() for error in errors))
    return Document(schema=schema, lines=tuple(_LINE_ENDS.split(subgraph.sdl)))


def _findings(document: Document, levels: Levels) -> Iterator[Finding]:
    for name, rule in RULES.items():
        setting = levels.settings[name]
        if setting.level is Level.OFF:
            continue
        for found in rule.check(document):
            if not setting.spares(found.coordinate):
                yield _finding(name, setting.level, found, document)


def _finding(rule: str, level: Level, found: Found, document: Document) -> Finding:
    line = ""
    if found.place is not None and found.place.line <= len(document.lines):
        line = document.lines[found.place.line - 1].rstrip()[:SHOWN_COLUMNS]
    return Finding(
        rule=rule,
        level=level,
        coordinate=found.coordinate,
        message=found.message,
        place=found.place,
        line=line,
    )


def is_failed(findings: Iterable[Finding]) -> bool:
    """Whether something found is an error."""
    return any(finding.level is Level.ERROR for finding in findings)


def as_text(findings: tuple[Finding, ...]) -> str:
    """One block per finding with its source line, then how many there are."""
    blocks = [_block(finding) for finding in findings]
    errors = sum(finding.level is Level.ERROR for finding in findings)
    warnings = len(findings) - errors
    blocks.append(
        f"{_many(errors, 'error')}, {_many(warnings, 'warning')}." if findings else "Nothing found."
    )
    text = "\n\n".join(blocks)
    return "".join(one if one.isprintable() or one == "\n" else " " for one in text) + "\n"


def _block(finding: Finding) -> str:
    place = f"{finding.place}: " if finding.place else ""
    head = f"{place}{finding.level}: {finding.rule}: {finding.coordinate}: {finding.message}"
    if finding.place is None or not finding.line or finding.place.column > SHOWN_COLUMNS:
        return head
    before = "".join("\t" if one == "\t" else " " for one in finding.line[: finding.place.column - 1])
    return f"{head}\n  {finding.line}\n  {before}^".expandtabs(2)


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def as_json(findings: tuple[Finding, ...]) -> dict[str, Any]:
    """The same as a JSON object."""
    return {
        "passes": not is_failed(findings),
        "findings": [
            {
                "rule": finding.rule,
                "level": finding.level.value,
                "coordinate": finding.coordinate,
                "message": finding.message,
                "document": finding.place.subgraph if finding.place else None,
                "line": finding.place.line if finding.place else None,
                "column": finding.place.column if finding.place else None,
                "source": finding.line,
            }
            for finding in findings
        ],
    }
