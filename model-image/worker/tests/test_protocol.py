"""Framing and messages, tested with the transcripts that the Go tests use as well, and fuzzing."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .. import protocol

TRANSCRIPTS = json.loads((Path(__file__).parent.parent / "testdata" / "transcripts.json").read_text())
ENTRIES = [entry for transcript in TRANSCRIPTS.values() for entry in transcript]


@pytest.mark.parametrize("entry", ENTRIES)
def test_transcript_messages_round_trip(entry: dict[str, Any]) -> None:
    body = json.dumps(entry["message"]).encode()
    message = protocol.decode(body)
    assert protocol.to_json(message) == entry["message"]
    assert protocol.read(io.BytesIO(protocol.encode(message))) == message
    sent_by_server = isinstance(message, (protocol.Setup, protocol.Run, protocol.Export, protocol.Shutdown))
    assert sent_by_server == (entry["from"] == "server")


def test_the_transcripts_cover_the_protocol() -> None:
    kinds = {e["message"]["type"] for e in ENTRIES}
    assert kinds == set(protocol._BY_TYPE)
    stages = {e["message"]["stage"] for e in ENTRIES if e["message"]["type"] == "progress"}
    assert stages == set(protocol.get_args(protocol.Stage))


def test_frames_are_read_in_order() -> None:
    messages = [protocol.decode(json.dumps(e["message"]).encode()) for e in ENTRIES]
    stream = io.BytesIO(b"".join(protocol.encode(m) for m in messages))
    read = []
    while (message := protocol.read(stream)) is not None:
        read.append(message)
    assert read == messages


class Dripping(io.RawIOBase):
    """A pipe that returns one byte per read."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, 1))


def test_partial_reads_are_joined() -> None:
    shutdown = protocol.encode(protocol.Shutdown())
    assert protocol.read(Dripping(shutdown)) == protocol.Shutdown()  # type: ignore[arg-type]
    for cut in range(1, len(shutdown)):
        with pytest.raises(protocol.ProtocolError):
            protocol.read(io.BytesIO(shutdown[:cut]))


def test_unknown_fields_are_ignored() -> None:
    assert protocol.decode(b'{"type":"shutdown","reason":"later"}') == protocol.Shutdown()


@pytest.mark.parametrize("message", [
    {"type": "progress", "id": "a", "stage": "lunch", "elapsedMs": 0},
    {"type": "progress", "id": "a", "stage": "mask", "elapsedMs": "0"},
    {"type": "progress", "id": "a", "stage": "mask", "elapsedMs": True},
    {"type": "progress", "id": "a", "stage": "mask"},
    {"type": "failure", "code": "tired", "message": "", "id": None, "fatal": False},
    {"type": "ready", "protocol": 2, "pid": 1, "versions": {"a": 1}, "gpu": {"name": "", "totalBytes": 1}, "setupMs": 1},
    {"type": "ready", "protocol": 2, "pid": 1, "versions": [], "gpu": {"name": "", "totalBytes": 1}, "setupMs": 1},
    {**next(e["message"] for e in ENTRIES if e["message"]["type"] == "run"), "quality": "best"},
    {"type": "run", "id": "", "index": 1, "photo": {"path": "", "width": 1, "height": 1}, "folder": "", "seed": 0, "formats": [], "points": [[1, 2, True]]},
    {"type": "run", "id": "", "index": 1, "photo": {"path": "", "width": 1, "height": 1}, "folder": "", "seed": 0, "formats": [], "points": None},
    {"type": "result"}, {"type": 1}, {"type": None}, {"type": ["run"]}, {}, [], None, 1, "run",
])
def test_malformed_messages_are_refused(message: Any) -> None:
    with pytest.raises(protocol.ProtocolError):
        protocol.decode(json.dumps(message).encode())


def test_nan_and_infinity_are_refused() -> None:
    facts = protocol.MeshFacts(1, 1, [[float("nan")] * 3] * 2)
    result = protocol.Result("a", [], facts, {})
    with pytest.raises(ValueError, match="JSON"):
        protocol.encode(result)
    with pytest.raises(protocol.ProtocolError):
        protocol.decode(b'{"type":"log","level":"info","message":NaN}')


def test_long_messages_are_not_sent() -> None:
    with pytest.raises(protocol.ProtocolError, match="longer than"):
        protocol.encode(protocol.Log("info", "x" * protocol.MAX_FRAME))


@given(st.binary(max_size=400))
@settings(max_examples=250, deadline=None)
def test_garbage_raises_only_protocol_errors(data: bytes) -> None:
    for stream in (data, struct.pack(">I", len(data)) + data):
        try:
            protocol.read(io.BytesIO(stream))
        except protocol.ProtocolError:
            continue


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["type", "id", "index", "photo", "path", "width", "height", "box", "mask", "seed", "formats", "folder", "files", "gpu", "bounds", "pose"]
    ), inner, max_size=8),
    max_leaves=20,
)


@given(st.sampled_from(ENTRIES), st.dictionaries(st.sampled_from(sorted({k for e in ENTRIES for k in e["message"]})), JSON, max_size=3))
@settings(max_examples=250, deadline=None)
def test_mutated_messages_are_refused_or_round_trip(entry: dict[str, Any], change: dict[str, Any]) -> None:
    raw = {**entry["message"], **change}
    try:
        message = protocol.decode(json.dumps(raw).encode())
    except protocol.ProtocolError:
        return
    assert protocol.read(io.BytesIO(protocol.encode(message))) == message


@given(
    st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 2**32 - 1), st.lists(st.sampled_from(["glb", "glb-dense", "ply", "splat"])),
    st.none() | st.lists(st.integers(0, 10**6), min_size=4, max_size=4), st.sampled_from(["draft", "standard", "high"]), st.integers(0, 500_000),
    st.lists(st.builds(protocol.Point, st.integers(), st.integers(), st.booleans()), max_size=16),
)
@settings(deadline=None)
def test_any_run_round_trips(
    label: str, seed: int, formats: list[Any], box: list[int] | None, quality: Any, faces: int, points: list[protocol.Point]
) -> None:
    run = protocol.Run("id", 1, protocol.Raster("/p", 1, 1), "/f", seed, formats, box, None, label, quality, faces, points)
    assert protocol.read(io.BytesIO(protocol.encode(run))) == run
