"""A checker that knows no schema: every document holds one query, unless it says `wrong`."""

from collections.abc import Sequence

from subgraphs.gateway.providers.documents import CheckedDocument, DocumentProblem, FoundOperation


class FixedChecker:
    """Finds a query named by the second word of each document."""

    async def check(self, supergraph: str, documents: Sequence[str]) -> Sequence[CheckedDocument]:
        """One operation each, or one problem."""
        return tuple(_checked(document) for document in documents)


def _checked(document: str) -> CheckedDocument:
    if "wrong" in document:
        return CheckedDocument(problems=(DocumentProblem(message="It is wrong.", advice="Mend it."),))
    words = document.split()
    name = words[1] if len(words) > 1 and words[0] == "query" else ""
    return CheckedDocument(operations=(FoundOperation(name=name, kind="query"),))
