"""The messages of `protocol`. The Go definitions are in model-image/server/sam3d/message.go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

Stage = Literal["mask", "depth", "sparse_structure", "latents", "decode", "handover", "export"]
Format = Literal["glb", "glb-dense", "ply", "splat", "spz", "preview", "mask"]
Quality = Literal["draft", "standard", "high"]
Level = Literal["debug", "info", "warning", "error"]
MaskSource = Literal["given", "points", "segmenter", "alpha", "whole"]
FailureCode = Literal[
    # of setup, for the operator
    "missing_package", "missing_weights", "no_gpu", "gpu_too_small", "bad_config", "setup_failed",
    # of a run
    "object_not_found", "out_of_memory", "bad_request", "model_failed", "export_failed",
]


@dataclass(frozen=True)
class Setup:
    """Requests loading the model. Paths are absolute."""

    type: ClassVar[str] = "setup"
    protocol: int
    weights: str  # read-only folder with the layout in `weights`
    scratch: str  # writable folder
    dinov2: str  # folder with the code of facebookresearch/dinov2
    minimumGpuBytes: int = 0  # minimum GPU memory; 0 accepts any GPU
    distilledSteps: int = 0  # experiment: steps of stage 1 as a distilled model; 0 for the published sampler


@dataclass(frozen=True)
class Raster:
    """A picture in a file: rows from top to bottom, without padding."""

    path: str
    width: int
    height: int


@dataclass(frozen=True)
class Point:
    """A pixel of the photo that the user has marked as a part of the object or as outside it."""

    x: int
    y: int
    inside: bool


@dataclass(frozen=True)
class Run:
    """Requests one object."""

    type: ClassVar[str] = "run"
    id: str  # included in every answer
    index: int  # number of the object in its job, from 1, for messages to the user
    photo: Raster  # 8-bit RGBA with straight alpha
    folder: str  # folder for the files
    seed: int  # 0..4294967295
    formats: list[Format]  # in addition to the preview and the mask, which are always written
    box: list[int] | None = None  # x0, y0, x1, y1 in pixels, within the photo
    mask: Raster | None = None  # one byte per pixel of the photo; 128 or more is the object
    label: str = ""
    quality: Quality = "standard"
    faces: int = 0  # target for the triangles of the textured mesh; 0 for that of the quality
    points: list[Point] = field(default_factory=list)  # within the photo
    photoId: str | None = None  # identity of the photo's content, equal for the objects of a photo; None if unknown


@dataclass(frozen=True)
class Export(Run):
    """Requests the files of an object that the worker has made. The pictures need not exist anymore."""

    type: ClassVar[str] = "export"
    made: str = ""  # the path of Made


@dataclass(frozen=True)
class Shutdown:
    """Requests the process's exit after the current object."""

    type: ClassVar[str] = "shutdown"


@dataclass(frozen=True)
class Gpu:
    name: str
    totalBytes: int


@dataclass(frozen=True)
class Ready:
    """Reports that the set-up has succeeded."""

    type: ClassVar[str] = "ready"
    protocol: int
    pid: int
    versions: dict[str, str]  # by package
    gpu: Gpu
    setupMs: int
    setup: dict[str, int] = field(default_factory=dict)  # milliseconds of its parts: packages, weights, warm-up


@dataclass(frozen=True)
class Progress:
    """Reports that a stage of a run, or an export, begins."""

    type: ClassVar[str] = "progress"
    id: str
    stage: Stage
    elapsedMs: int  # since the run, or the export, began


@dataclass(frozen=True)
class File:
    format: Format
    path: str
    bytes: int


@dataclass(frozen=True)
class MeshFacts:
    """The mesh in its files: +Y up, right-handed, longest side 1, centered on the origin."""

    vertices: int
    faces: int
    bounds: list[list[float]]  # minimum and maximum x, y, z


@dataclass(frozen=True)
class Pose:
    """The transform of the mesh in the files to the photo's scene: rotate, scale, translate.

    The scene is PyTorch3D's camera space: +X left, +Y up, +Z away from the camera.
    """

    rotation: list[float]  # unit quaternion w, x, y, z
    translation: list[float]
    scale: list[float]
    yfov: float | None = None  # vertical field of view of the photo's camera, in radians


@dataclass(frozen=True)
class MaskFacts:
    """The source of the mask and its properties."""

    source: MaskSource
    share: float  # of the box, or of the picture without one
    score: float | None = None  # the segmenter's estimate of the mask's quality, 0..1


@dataclass(frozen=True)
class Memory:
    """The GPU memory of this run, in bytes."""

    peakBytes: int  # maximum in use by tensors
    reservedBytes: int  # reserved by the allocator after the run


@dataclass(frozen=True)
class Made:
    """Reports that the GPU's part of a run is done: the worker can take the next one."""

    type: ClassVar[str] = "made"
    id: str
    path: str  # the object's arrays in the run's folder, for the exporter
    mask: MaskFacts
    timing: dict[str, int]  # milliseconds by stage, and "total"
    memory: Memory
    reduced: bool = False  # made at lower settings, after the first attempt ran out of memory


@dataclass(frozen=True)
class Result:
    """Reports that the object's files are complete."""

    type: ClassVar[str] = "result"
    id: str
    files: list[File]
    mesh: MeshFacts
    timing: dict[str, int]  # milliseconds by stage
    pose: Pose | None = None


@dataclass(frozen=True)
class Failure:
    """Reports that the set-up, or the run or export with the id, has failed."""

    type: ClassVar[str] = "failure"
    code: FailureCode
    message: str  # setup: for the operator; object_not_found: for the user; others: for the log
    id: str | None = None  # None for setup
    fatal: bool = False


@dataclass(frozen=True)
class Log:
    """A line for the server's log."""

    type: ClassVar[str] = "log"
    level: Level
    message: str


ToWorker = Setup | Run | Export | Shutdown
ToServer = Ready | Progress | Made | Result | Failure | Log
Message = ToWorker | ToServer
