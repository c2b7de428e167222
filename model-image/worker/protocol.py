"""What the Go server and the worker say to each other.

A frame is four bytes of length, most significant first, and that many bytes of UTF-8 JSON: an
object whose "type" names the message. Frames travel over two pipes that the server makes for
nothing else, so whatever a library prints cannot get between them. Pictures and files do not
travel: they lie in a folder that the server makes for each object and deletes after it, and
messages name their paths.

    server → worker   setup, then run one at a time, at last shutdown
    worker → server   ready or failure after setup; for each run any number of progress,
                      then one result or failure; log at any time

A failure with fatal set is the worker's last message: it ends, and the server starts another.
"""

from __future__ import annotations

import json
import struct
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, BinaryIO, ClassVar, Literal, TypeVar, get_args

#: Both sides refuse to work with another version.
VERSION = 1
#: Longest frame, in bytes. Messages hold no pictures, so a longer one is garbage.
MAX_FRAME = 1 << 20

Stage = Literal["mask", "depth", "sparse_structure", "latents", "decode", "layout", "export"]
Format = Literal["glb", "ply", "splat", "preview"]
Level = Literal["debug", "info", "warning", "error"]
MaskSource = Literal["given", "alpha", "segmenter", "whole"]
FailureCode = Literal[
    # of setup: the operator has to do something
    "missing_package", "missing_weights", "no_gpu", "gpu_too_small", "bad_config", "setup_failed",
    # of a run
    "object_not_found", "out_of_memory", "bad_request", "model_failed",
]

_LENGTH = struct.Struct(">I")


class ProtocolError(Exception):
    """The other side sent what is no message."""


@dataclass(frozen=True)
class Setup:
    """Load everything. Paths are absolute."""

    type: ClassVar[str] = "setup"
    protocol: int
    weights: str  # folder laid out as `weights` says, read-only
    scratch: str  # folder to write in
    dinov2: str  # folder with the code of facebookresearch/dinov2
    minimumGpuBytes: int = 0  # refuse a GPU with less memory; 0 takes any


@dataclass(frozen=True)
class Raster:
    """A picture in a file: rows from the top, no padding."""

    path: str
    width: int
    height: int


@dataclass(frozen=True)
class Run:
    """Make one object."""

    type: ClassVar[str] = "run"
    id: str  # stands in every answer
    index: int  # the object's number in its job, from 1; for messages to the user
    photo: Raster  # RGBA, 8 bit, alpha not premultiplied
    folder: str  # where the files are to be written
    seed: int  # 0..4294967295
    formats: list[Format]  # beside the preview, which is always made
    box: list[int] | None = None  # x0, y0, x1, y1 in pixels, within the photo
    mask: Raster | None = None  # one byte a pixel of the photo; 128 and more is the object
    label: str = ""


@dataclass(frozen=True)
class Shutdown:
    """End, once the run in hand is over."""

    type: ClassVar[str] = "shutdown"


@dataclass(frozen=True)
class Gpu:
    name: str
    totalBytes: int


@dataclass(frozen=True)
class Ready:
    """Setup is over; runs are welcome."""

    type: ClassVar[str] = "ready"
    protocol: int
    pid: int
    versions: dict[str, str]  # by package
    gpu: Gpu
    setupMs: int


@dataclass(frozen=True)
class Progress:
    """A stage of a run begins."""

    type: ClassVar[str] = "progress"
    id: str
    stage: Stage
    elapsedMs: int  # since the run began


@dataclass(frozen=True)
class File:
    format: Format
    path: str
    bytes: int


@dataclass(frozen=True)
class MeshFacts:
    """The mesh in its files: +Y up, right-handed, longest side 1, centred on the origin."""

    vertices: int
    faces: int
    bounds: list[list[float]]  # least and greatest x, y, z


@dataclass(frozen=True)
class Pose:
    """Takes the mesh of the files into the photo's scene: rotate, scale, translate.

    The scene is PyTorch3D's camera space: +X left, +Y up, +Z away from the camera.
    """

    rotation: list[float]  # unit quaternion w, x, y, z
    translation: list[float]
    scale: list[float]


@dataclass(frozen=True)
class MaskFacts:
    """Where the mask came from and what it is like."""

    source: MaskSource
    share: float  # of the box, or of the picture without one
    score: float | None = None  # the segmenter's own estimate of the mask's quality, 0..1


@dataclass(frozen=True)
class Memory:
    """The GPU's memory in this run, in bytes."""

    peakBytes: int  # in use by tensors at most
    reservedBytes: int  # held by the allocator after the run


@dataclass(frozen=True)
class Result:
    """The object is made and its files are whole."""

    type: ClassVar[str] = "result"
    id: str
    files: list[File]
    mesh: MeshFacts
    mask: MaskFacts
    timing: dict[str, int]  # milliseconds by stage, and "total"
    memory: Memory
    pose: Pose | None = None
    reduced: bool = False  # made at the lower settings, after the first try ran out of memory


@dataclass(frozen=True)
class Failure:
    """Setup, or the run with the id, has failed."""

    type: ClassVar[str] = "failure"
    code: FailureCode
    message: str  # of setup: for the operator; object_not_found: for the user; else for the log
    id: str | None = None  # None: of setup
    fatal: bool = False


@dataclass(frozen=True)
class Log:
    """A line for the server's log."""

    type: ClassVar[str] = "log"
    level: Level
    message: str


ToWorker = Setup | Run | Shutdown
ToServer = Ready | Progress | Result | Failure | Log
Message = ToWorker | ToServer

_BY_TYPE: dict[str, type[Any]] = {m.type: m for m in get_args(ToWorker) + get_args(ToServer)}


def encode(message: Message) -> bytes:
    """The message as one frame."""
    body = json.dumps(to_json(message), ensure_ascii=False, allow_nan=False).encode()
    if len(body) > MAX_FRAME:
        raise ProtocolError(f"a {message.type} message of {len(body)} bytes is longer than {MAX_FRAME}")
    return _LENGTH.pack(len(body)) + body


def to_json(message: Message) -> dict[str, Any]:
    """The message as the object that its frame holds."""
    return {"type": message.type, **asdict(message)}


def decode(body: bytes) -> Message:
    """The message in a frame's body."""
    try:
        raw = json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as err:
        raise ProtocolError(f"a frame of {len(body)} bytes holds no JSON: {err}") from None
    if not isinstance(raw, dict):
        raise ProtocolError("a frame holds JSON that is not an object")
    kind = raw.pop("type", None)
    if not isinstance(kind, str) or kind not in _BY_TYPE:
        raise ProtocolError(f"a frame holds a message of no known type: {kind!r:.60}")
    message: Message = _build(_BY_TYPE[kind], raw, kind)
    return message


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def read(stream: BinaryIO) -> Message | None:
    """The next message, or None where the stream ends between two frames."""
    head = _exactly(stream, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME:
        raise ProtocolError(f"a frame claims {length} bytes; the most is {MAX_FRAME}")
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

#: What the annotations of the fields above accept. Nested objects and lists have their own rule.
_OBJECTS: dict[str, type[Any]] = {
    c.__name__: c for c in (Raster, Gpu, File, MeshFacts, Pose, MaskFacts, Memory)
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "Stage": get_args(Stage), "Format": get_args(Format), "Level": get_args(Level),
    "FailureCode": get_args(FailureCode), "MaskSource": get_args(MaskSource),
}


def _build(cls: type[T], raw: dict[str, Any], where: str) -> T:
    """A dataclass from JSON. Unknown fields are left out: a newer server may send more."""
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
    raise ProtocolError(f"{where} is {value!r:.60}, which is not of the kind {kind}")
