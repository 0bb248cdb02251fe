"""A multipart form, piece by piece as it comes: what begins, what is in it, what ends."""

import re
import unicodedata
from dataclasses import dataclass

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from router.errors import BadRequest

_FORM = "multipart/form-data"
_LONGEST_NAME = 255
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,100}", re.ASCII)
_LONGEST_BOUNDARY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PartBegins:
    """One field of the form; it is a file if it has a `filename`."""

    name: str
    filename: str | None
    type: str


@dataclass(frozen=True, slots=True)
class PartGoesOn:
    """A piece of what is in it."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnds:
    """There is no more in it."""


@dataclass(frozen=True, slots=True)
class FormEnds:
    """There is no more field."""


FormEvent = PartBegins | PartGoesOn | PartEnds | FormEnds


def boundary_of(content_type: str | None) -> bytes | None:
    """What stands between the fields; None if the type is no form. Raises BadRequest."""
    if content_type is None or content_type[: len(_FORM)].lower() != _FORM:  # nearly always
        return None
    media_type, options = parse_options_header(content_type)
    if media_type.lower() != b"multipart/form-data":
        return None
    boundary = options.get(b"boundary")
    if not boundary or len(boundary) > _LONGEST_BOUNDARY:
        raise BadRequest("The multipart form has no boundary.")
    return boundary


class FormReader:
    """Reads one form."""

    def __init__(self, boundary: bytes) -> None:
        self._events: list[FormEvent] = []
        self._headers: dict[str, bytes] = {}
        self._field = self._value = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._data,
                "on_part_end": lambda: self._events.append(PartEnds()),
                "on_end": lambda: self._events.append(FormEnds()),
            },
        )

    def feed(self, chunk: bytes) -> list[FormEvent]:
        """What these bytes say; raises BadRequest."""
        try:
            self._parser.write(chunk)
        except MultipartParseError as problem:
            raise BadRequest("The multipart form is malformed.") from problem
        events, self._events = self._events, []
        return events

    def _begin(self) -> None:
        self._headers = {}

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._field.decode("latin-1").lower()] = self._value
        self._field = self._value = b""

    def _headers_end(self) -> None:
        disposition, options = parse_options_header(self._headers.get("content-disposition"))
        name = options.get(b"name")
        if disposition != b"form-data" or name is None:
            raise BadRequest("A part of the multipart form has no name.")
        filename = options.get(b"filename")
        self._events.append(
            PartBegins(
                name=name.decode("utf-8", "replace"),
                filename=None if filename is None else harmless_name(filename.decode("utf-8", "replace")),
                type=_media_type(self._headers.get("content-type", b"")),
            )
        )

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(PartGoesOn(data[start:end]))


def harmless_name(given: str) -> str:
    """The last part of a client's file name, without anything that could do something: `a/../b\\0` is `b`."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    kept = "".join(each for each in last if unicodedata.category(each)[0] != "C" and each not in '<>:"|?*')
    stem = kept.strip(" .")
    while len(stem.encode()) > _LONGEST_NAME:
        stem = stem[:-1]
    return stem or "file"


def _media_type(given: bytes) -> str:
    text = given.decode("latin-1").partition(";")[0].strip().lower()
    return text if _MEDIA_TYPE.fullmatch(text) else "application/octet-stream"
