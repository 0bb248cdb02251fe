"""Parts in both formats, as the specification's draft and the one of 2022 show them."""

from collections.abc import Mapping
from typing import Any

from router.plan.result import Completed, Deferred, Part, Pending, Streamed
from router.wire.incremental import PartsEncoder, PartsFormat

AnyPart = Part[Mapping[str, Any]]
LOST: Mapping[str, Any] = {"message": "lost", "path": ["person", "home"]}

PARTS: tuple[AnyPart, ...] = (
    Part(
        data={"person": {"name": "Luke", "films": [{"title": "A"}, {"title": "B"}]}},
        pending=(Pending(id=0, path=("person",), label="Home"), Pending(id=1, path=("person",))),
        has_next=True,
    ),
    Part(
        deferred=(
            Deferred(pending=(0, 1), path=("person",), data={"home": {"name": None}}, errors=(LOST,)),
            Deferred(pending=(0,), path=("person", "home"), data={"age": 5}),
        ),
        completed=(Completed(id=0),),
        pending=(Pending(id=2, path=("person", "films", 1), label="Film"),),
        has_next=True,
    ),
    Part(completed=(Completed(id=2, errors=(LOST,)),), has_next=True),
    Part(completed=(Completed(id=1),)),
)


def written(format: PartsFormat) -> list[Any]:
    encoder = PartsEncoder(format)
    return [encoder.encode(part) for part in PARTS]


def test_the_current_format_refers_to_what_it_announced() -> None:
    assert written(PartsFormat.CURRENT) == [
        {
            "data": {"person": {"name": "Luke", "films": [{"title": "A"}, {"title": "B"}]}},
            "pending": [
                {"id": "0", "path": ["person"], "label": "Home"},
                {"id": "1", "path": ["person"]},
            ],
            "hasNext": True,
        },
        {
            "pending": [{"id": "2", "path": ["person", "films", 1], "label": "Film"}],
            "incremental": [
                {"id": "0", "data": {"home": {"name": None}}, "errors": [LOST]},
                {"id": "0", "subPath": ["home"], "data": {"age": 5}},
            ],
            "completed": [{"id": "0"}],
            "hasNext": True,
        },
        {"completed": [{"id": "2", "errors": [LOST]}], "hasNext": True},
        {"completed": [{"id": "1"}], "hasNext": False},
    ]


def test_the_format_of_2022_delivers_every_fragment_whole() -> None:
    assert written(PartsFormat.OF_2022) == [
        {
            "data": {"person": {"name": "Luke", "films": [{"title": "A"}, {"title": "B"}]}},
            "hasNext": True,
        },
        {
            "incremental": [
                {
                    "path": ["person"],
                    "label": "Home",
                    "data": {"home": {"name": None}},
                    "errors": [LOST],
                },
                {"path": ["person", "home"], "label": "Home", "data": {"age": 5}},
            ],
            "hasNext": True,
        },
        {
            "incremental": [
                {"path": ["person", "films", 1], "label": "Film", "data": None, "errors": [LOST]}
            ],
            "hasNext": True,
        },
        {
            "incremental": [{"path": ["person"], "data": {"home": {"name": None}}, "errors": [LOST]}],
            "hasNext": False,
        },
    ]


def test_an_answer_of_one_part_looks_like_any_other() -> None:
    only: AnyPart = Part(data=None, errors=(LOST,))

    for format in PartsFormat:
        assert PartsEncoder(format).encode(only) == {"errors": [LOST], "data": None}


def test_items_are_added_to_their_list() -> None:
    parts: tuple[AnyPart, ...] = (
        Part(data={"films": ["A"]}, pending=(Pending(id=0, path=("films",), label="F"),), has_next=True),
        Part(
            streamed=(Streamed(id=0, path=("films",), start=1, items=["B", "C"]),),
            completed=(Completed(id=0, errors=(LOST,)),),
        ),
    )
    current, of_2022 = (PartsEncoder(format) for format in (PartsFormat.CURRENT, PartsFormat.OF_2022))

    assert [current.encode(part) for part in parts][1] == {
        "incremental": [{"id": "0", "items": ["B", "C"]}],
        "completed": [{"id": "0", "errors": [LOST]}],
        "hasNext": False,
    }
    assert [of_2022.encode(part) for part in parts][1] == {
        "incremental": [
            {"path": ["films", 1], "label": "F", "items": ["B", "C"]},
            {"path": ["films", 3], "label": "F", "items": None, "errors": [LOST]},
        ],
        "hasNext": False,
    }
