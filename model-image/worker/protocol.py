"""The protocol between the Go server and its two processes, worker and exporter.

A frame is the length of the message as four bytes, most significant first, followed by the message
in UTF-8 JSON: an object whose "type" names the kind of message. Frames are sent over two pipes a
process that have no other use, so the output of libraries cannot corrupt them. Pictures and files are not part
of messages, which contain their paths: the server creates a folder for each object and deletes it
afterwards.

    server → worker     setup, then run, one at a time, and finally shutdown
    worker → server     ready or failure after setup; for each run any number of progress,
                        then one made or failure; log at any time
    server → exporter   export, one at a time, after the worker's made; finally shutdown
    exporter → server   for each export progress, then one result or failure; log at any time

The worker has the GPU; the exporter writes the files of one object while the worker makes the next.
After a failure with fatal set a process exits, and the server starts another.
"""

from __future__ import annotations

import json
import struct
from dataclasses import MISSING, asdict, fields
from typing import Any, BinaryIO, TypeVar, get_args

from .messages import (
    Export,
    Failure,
    FailureCode,
    File,
    Format,
    Gpu,
    Level,
    Log,
    Made,
    MaskFacts,
    MaskSource,
    Memory,
    MeshFacts,
    Message,
    Point,
    Pose,
    Progress,
    Quality,
    Raster,
    Ready,
    Result,
    Run,
    Setup,
    Shutdown,
    Stage,
    ToServer,
    ToWorker,
)

#: Server and worker refuse any other version.
VERSION = 2
#: Maximum size of a message in bytes. Messages contain no pictures, so a longer one is invalid.
MAX_FRAME = 1 << 20

__all__ = [
    "MAX_FRAME",
    "VERSION",
    "Export",
    "Failure",
    "FailureCode",
    "File",
    "Format",
    "Gpu",
    "Level",
    "Log",
    "Made",
    "MaskFacts",
    "MaskSource",
    "Memory",
    "MeshFacts",
    "Message",
    "Point",
    "Pose",
    "Progress",
    "ProtocolError",
    "Quality",
    "Raster",
    "Ready",
    "Result",
    "Run",
    "Setup",
    "Shutdown",
    "Stage",
    "ToServer",
    "ToWorker",
    "decode",
    "encode",
    "read",
    "to_json",
]

_LENGTH = struct.Struct(">I")


class ProtocolError(Exception):
    """The server or the worker sent an invalid message."""


_BY_TYPE: dict[str, type[Any]] = {m.type: m for m in get_args(ToWorker) + get_args(ToServer)}


def encode(message: Message) -> bytes:
    """Encodes a message as one frame."""
    body = json.dumps(to_json(message), ensure_ascii=False, allow_nan=False).encode()
    if len(body) > MAX_FRAME:
        raise ProtocolError(f"a {message.type} message of {len(body)} bytes is longer than {MAX_FRAME}")
    return _LENGTH.pack(len(body)) + body


def to_json(message: Message) -> dict[str, Any]:
    """Returns the message as the JSON object of its frame."""
    return {"type": message.type, **asdict(message)}


def decode(body: bytes) -> Message:
    """Decodes the JSON of a frame."""
    try:
        raw = json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as err:
        raise ProtocolError(f"a frame of {len(body)} bytes is not JSON: {err}") from None
    if not isinstance(raw, dict):
        raise ProtocolError("a frame has JSON that is not an object")
    kind = raw.pop("type", None)
    if not isinstance(kind, str) or kind not in _BY_TYPE:
        raise ProtocolError(f"a frame has a message of an unknown type: {kind!r:.60}")
    message: Message = _build(_BY_TYPE[kind], raw, kind)
    return message


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def read(stream: BinaryIO) -> Message | None:
    """Reads the next message. Returns None if the stream ends between two frames."""
    head = _exactly(stream, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME:
        raise ProtocolError(f"a frame of {length} bytes is longer than {MAX_FRAME}")
    body = _exactly(stream, length)
    if body is None and length:
        raise ProtocolError("the stream ended within a frame")
    return decode(body or b"")


def _exactly(stream: BinaryIO, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        part = stream.read(count - len(parts))
        if not part:
            if parts:
                raise ProtocolError("the stream ended within a frame")
            return None
        parts += part
    return bytes(parts)


T = TypeVar("T")

#: Types in the annotations of messages: nested objects, and strings with a set of values.
_OBJECTS: dict[str, type[Any]] = {
    c.__name__: c for c in (Raster, Point, Gpu, File, MeshFacts, Pose, MaskFacts, Memory)
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "Stage": get_args(Stage), "Format": get_args(Format), "Level": get_args(Level),
    "FailureCode": get_args(FailureCode), "MaskSource": get_args(MaskSource), "Quality": get_args(Quality),
}


def _build(cls: type[T], raw: dict[str, Any], where: str) -> T:
    """Returns a dataclass from JSON. Ignores unknown fields, which newer servers may send."""
    values: dict[str, Any] = {}
    for f in fields(cls):  # type: ignore[arg-type]
        if f.name in raw:
            values[f.name] = _check(str(f.type), raw[f.name], f"{where}.{f.name}")
        elif f.default is MISSING and f.default_factory is MISSING:
            raise ProtocolError(f"{where} has no {f.name}")
    return cls(**values)


def _check(kind: str, value: Any, where: str) -> Any:
    if kind.endswith(" | None"):
        return None if value is None else _check(kind.removesuffix(" | None"), value, where)
    if kind.startswith("list[") and isinstance(value, list):
        return [_check(kind[5:-1], v, f"{where}[{i}]") for i, v in enumerate(value)]
    if kind.startswith("dict[str, ") and isinstance(value, dict):
        return {k: _check(kind[10:-1], v, f"{where}.{k}") for k, v in value.items()}
    if kind in _OBJECTS and isinstance(value, dict):
        return _build(_OBJECTS[kind], value, where)
    if kind in _CHOICES and isinstance(value, str) and value in _CHOICES[kind]:
        return value
    if kind == "float" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    plain = {"str": str, "int": int, "bool": bool}.get(kind)
    if plain is not None and type(value) is plain:
        return value
    raise ProtocolError(f"{where} is {value!r:.60}, which is not of type {kind}")
