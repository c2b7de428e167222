"""The messages that `protocol` frames. The server's half is model-image/server/sam3d/message.go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

Stage = Literal["mask", "depth", "sparse_structure", "latents", "decode", "export"]
Format = Literal["glb", "ply", "splat", "preview"]
Level = Literal["debug", "info", "warning", "error"]
MaskSource = Literal["given", "alpha", "segmenter", "whole"]
FailureCode = Literal[
    # of setup: the operator has to do something
    "missing_package", "missing_weights", "no_gpu", "gpu_too_small", "bad_config", "setup_failed",
    # of a run
    "object_not_found", "out_of_memory", "bad_request", "model_failed",
]


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
