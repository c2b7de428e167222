"""An object that is empty or not finite in half precision is tried once more in full precision."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from .. import precision, protocol

EMPTY, NOT_FINITE, HALF_EMPTY, HALF_NOT_FINITE, HALF_NO_VOXEL = 9006, 9010, 9011, 9012, 9013

pytestmark = pytest.mark.usefixtures("importable")


def test_objects_are_tried_once_more_in_full_precision(start: Any, setup: protocol.Setup, request_run: Any) -> None:
    worker, exporter = start(), start("worker.exporter")
    assert isinstance(worker.ask(setup), protocol.Ready)

    names = iter(range(100))

    def run(seed: int, exported: bool = True) -> tuple[list[protocol.Log], protocol.Message]:
        request = request_run(str(next(names)), seed=seed, formats=["ply"])
        worker.send(request)
        *before, last = list(worker.answers())
        if isinstance(last, protocol.Made):
            assert not last.reduced
            if exported:
                last = exporter.ask(protocol.Export(**vars(request), made=last.path))
        return [m for m in before if isinstance(m, protocol.Log)], last

    for seed, reason in ((HALF_EMPTY, "empty mesh"), (HALF_NOT_FINITE, "not finite"), (HALF_NO_VOXEL, "no shape")):
        (log,), result = run(seed)
        assert isinstance(result, protocol.Result) and result.mesh.vertices == 642
        assert log.level == "warning" and reason in log.message and log.message.endswith("trying again in full precision")
        again, _ = run(7, exported=False)
        assert not again, "the next object is in half precision again, and needs no second attempt"
    logs, failure = run(EMPTY)
    assert len(logs) == 1 and isinstance(failure, protocol.Failure) and "empty mesh" in failure.message
    logs, result = run(NOT_FINITE)
    assert len(logs) == 1 and isinstance(result, protocol.Result) and result.mesh.vertices == 641, "the valid part of the second mesh"


def pipeline() -> tuple[Any, Any, Any]:
    from moge.model.v1 import MoGeModel
    from sam3d_objects.model.backbone.module import Decoder, Module

    decoder, depth = Decoder(), SimpleNamespace(model=MoGeModel())
    models = Module(ss_generator=Module(), slat_generator=Module(), slat_decoder_mesh=decoder, ss_encoder=None)
    return SimpleNamespace(dtype=torch.bfloat16, shape_model_dtype=torch.float16, models=models), depth, decoder


def test_everything_is_set_back() -> None:
    pipe, depth, decoder = pipeline()
    infer = depth.model.infer
    with pytest.raises(ZeroDivisionError), precision.full(torch, pipe, depth):
        assert precision.is_full(torch, pipe) and decoder.blocks == decoder.dtype == torch.float32
        depth.model.infer(torch.Tensor([[[1.0]]]), force_projection=False)
        assert depth.model.halved is False
        raise ZeroDivisionError
    assert (pipe.dtype, pipe.shape_model_dtype) == (torch.bfloat16, torch.float16) and decoder.blocks == decoder.dtype == torch.float16
    depth.model.infer(torch.Tensor([[[1.0]]]))
    assert depth.model.halved is True and depth.model.infer == infer


def test_a_pipeline_in_full_precision_is_recognized() -> None:
    pipe, _, decoder = pipeline()
    pipe.dtype = pipe.shape_model_dtype = torch.float32
    assert not precision.is_full(torch, pipe), "the decoder is in half precision"
    decoder.dtype = torch.float32
    assert precision.is_full(torch, pipe)


def test_casts_of_generators_are_kept() -> None:
    pipe, _, decoder = pipeline()
    precision.keep_casts(pipe)
    assert pipe.models["ss_generator"].requires_grad and pipe.models["slat_generator"].requires_grad and not decoder.requires_grad
