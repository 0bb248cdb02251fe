"""What this suite tries, counted; and the table of its README: `python -m tests.federation.cases`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.federation import test_compiled_equivalence, test_parts_equivalence, test_worlds_equivalence
from tests.federation.class_files import all_classes

README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- classes -->\n", "<!-- end of classes -->\n"


def table() -> str:
    """Every class of cases: the audit's suite it stands for, if there is one, and our file."""
    rows = ["| suite of the public audit | our file | operations | what it is about |", "|---|---|---|---|"]
    for each in sorted(all_classes(), key=lambda one: (not one.corpus_set, one.corpus_set, one.name)):
        suite = each.corpus_set.partition(".audit_")[2].replace("_", "-") or "–"
        file = f"[{each.name}](classes/{each.name}.graphql)"
        rows.append(f"| {suite} | {file} | {len(each.cases)} | {each.about} |")
    return "\n".join(rows) + "\n"


def counted() -> Iterator[str]:
    """How much is tried, in lines."""
    classes, worlds = all_classes(), test_worlds_equivalence
    of_corpus = len(worlds.ALL_SETS) * worlds.OPERATIONS_PER_SET
    drawn = 3 * worlds.DRAWN_SETS * worlds.OPERATIONS_PER_DRAWN_SET
    faulty = worlds.FAULTY_SETS * worlds.OPERATIONS_PER_DRAWN_SET
    yield f"federation: {len(classes)} classes with {sum(len(each.cases) for each in classes)} operations"
    yield f"federation: {of_corpus + drawn} drawn cases against a monolith, {of_corpus} over the corpus"
    yield (
        f"federation: {faulty + test_compiled_equivalence.EXAMPLES + test_parts_equivalence.EXAMPLES}"
        " more with faults, compiled plans, and answers in parts"
    )


def with_table(text: str) -> str:
    """The README with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


def main() -> None:
    """Print the count; or write the table."""
    if "--write" in sys.argv:
        README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
    print("\n".join(counted()))


if __name__ == "__main__":
    main()
