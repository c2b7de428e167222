"""Checks the worker's calls against the signatures in contract/recorded.json."""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from .. import attention, contract, guidance, photo_cache, reconstruct, surface, weights, workspace

WORKER = Path(__file__).parent.parent
RECORDED = json.loads((Path(contract.__file__).with_name("recorded.json")).read_text())
SAM3D, SAM2, MOGE, DINOV2 = (RECORDED[n] for n in ("sam-3d-objects", "sam2", "MoGe", "dinov2"))

#: The class or module in the sources of each expression of the worker, by file.
RECEIVERS = {
    ("reconstruct.py", "self._pipeline"): (SAM3D, "InferencePipelinePointMap"),
    ("reconstruct.py", "self._source"): (SAM3D, ""),
    ("segment.py", "self._predictor"): (SAM2, "SAM2ImagePredictor"),
    ("segment.py", "build"): (SAM2, ""),
    ("segment.py", "predictor"): (SAM2, ""),
}


def signature(recorded: dict[str, Any], name: str) -> inspect.Signature:
    parameters = []
    for p in recorded["signatures"][name]["parameters"]:
        default = p.get("default", inspect.Parameter.empty)
        parameters.append(inspect.Parameter(p["name"], getattr(inspect.Parameter, p["kind"]), default=default))
    return inspect.Signature(parameters)


def calls_in(source: str, receivers: dict[str, Any]) -> list[tuple[str, str, ast.Call]]:
    """Returns the method calls on the receivers: receiver, method, call."""
    return [
        (ast.unparse(n.func.value), n.func.attr, n)
        for n in ast.walk(ast.parse(source))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and ast.unparse(n.func.value) in receivers
    ]


def check(source: str, file: str) -> list[str]:
    """Binds the calls of the source to the recorded signatures, and returns the called names."""
    receivers = {expression: where for (f, expression), where in RECEIVERS.items() if f == file}
    called = []
    for receiver, method, call in calls_in(source, receivers):
        recorded, owner = receivers[receiver]
        name = f"{owner}.{method}" if owner else method
        if name not in recorded["signatures"] and f"{method}.__init__" in recorded["signatures"]:
            name, owner = f"{method}.__init__", method
        if name not in recorded["signatures"]:
            raise AssertionError(f"{file}: {receiver}.{method} is not among the recorded signatures")
        bound = ["self"] if owner else []
        try:
            signature(recorded, name).bind(*bound, *call.args, **{k.arg: k.value for k in call.keywords if k.arg})
        except TypeError as err:
            raise AssertionError(f"{file}: {receiver}.{method}: {err}") from None
        called.append(name)
    return called


def test_the_workers_calls_match_the_sources() -> None:
    called = [name for file in sorted({f for f, _ in RECEIVERS}) for name in check((WORKER / file).read_text(), file)]
    assert sorted(called) == [
        "InferencePipelinePointMap.run", "SAM2ImagePredictor.__init__", "SAM2ImagePredictor.predict",
        "SAM2ImagePredictor.reset_predictor", "SAM2ImagePredictor.set_image", "build_sam2", "downsample_sparse_structure",
    ]


@pytest.mark.parametrize(("file", "right", "wrong"), [
    ("reconstruct.py", "use_vertex_color=True", "use_vertex_colors=True"),
    ("reconstruct.py", "                seed,\n                stage1_only=False,", "                stage1_only=False, random_seed=seed,"),
    ("reconstruct.py", "self._pipeline.run(", "self._pipeline.forward("),
    ("reconstruct.py", "max_coords=self._max_voxels", "max_voxels=self._max_voxels"),
    ("segment.py", "multimask_output=several", "multimask=several"),
    ("segment.py", "point_labels=inside", "labels=inside"),
    ("segment.py", "self._predictor.reset_predictor()", "self._predictor.reset_image()"),
    ("segment.py", "self._predictor.set_image(rgb)", "self._predictor.set_image(rgb, 'RGB')"),
])
def test_wrong_calls_are_found(file: str, right: str, wrong: str) -> None:
    source = (WORKER / file).read_text()
    assert right in source
    with pytest.raises(AssertionError):
        check(source.replace(right, wrong), file)


def test_run_is_called_like_in_the_demo_and_with_the_steps() -> None:
    (call,) = (c for r, m, c in calls_in((WORKER / "reconstruct.py").read_text(), {"self._pipeline": None}) if m == "run")
    bound = signature(SAM3D, "InferencePipelinePointMap.run").bind("self", *call.args, **{str(k.arg): k.value for k in call.keywords})
    assert list(bound.arguments) == [
        "self", "image", "mask", "seed", "stage1_only", "with_mesh_postprocess", "with_texture_baking", "with_layout_postprocess",
        "use_vertex_color", "stage1_inference_steps", "stage2_inference_steps", "use_stage1_distillation", "pointmap", "decode_formats",
    ]


def test_attributes_of_the_pipeline_exist() -> None:
    read = {
        n.attr for n in ast.walk(ast.parse((WORKER / "reconstruct.py").read_text()))
        if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load) and ast.unparse(n.value) == "self._pipeline"
    } - {"run", "sample_sparse_structure"}
    assert read == {"ss_inference_steps", "slat_inference_steps", "depth_model", "condition_embedders", "models"} <= set(SAM3D["facts"]["attributes"])


def test_stages_are_methods_that_run_calls() -> None:
    assert set(reconstruct.STAGES) <= set(SAM3D["facts"]["runCalls"])


def test_output_keys_match_the_source() -> None:
    read, structure = set(), set()
    for n in ast.walk(ast.parse((WORKER / "reconstruct.py").read_text())):
        if isinstance(n, ast.Call) and ast.unparse(n.func) == "out.get" and isinstance(n.args[0], ast.Constant):
            read.add(n.args[0].value)
        if isinstance(n, ast.Subscript) and ast.unparse(n.value) == "found" and isinstance(n.slice, ast.Constant):
            structure.add(n.slice.value)
    assert read == {"glb", "gs", "pointmap"} <= set(SAM3D["facts"]["outputKeys"]) | set(SAM3D["facts"]["runKeys"])
    assert structure == {"coords", "downsample_factor"} <= set(SAM3D["facts"]["structureKeys"])
    assert {"rotation", "translation", "scale"} == set(SAM3D["facts"]["poseKeys"])


def test_what_is_kept_by_photo_and_converted_exists_in_the_source() -> None:
    assert set(photo_cache.Depth.KEYS) == set(SAM3D["facts"]["depthKeys"])
    assert "rgb_image" in SAM3D["facts"]["embedderInputs"]
    assert {"depth_model", "condition_embedders", "models", "dtype", "shape_model_dtype"} <= set(SAM3D["facts"]["attributes"])
    assert "resolution" in SAM3D["facts"]["meshDecoderAttributes"]
    infer = signature(MOGE, "MoGeModel.infer")
    assert infer.parameters["use_fp16"].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature(SAM3D, "Dino.forward").bind("self", "x")


def test_the_gaussians_attributes_are_those_of_the_source() -> None:
    read = {
        n.attr for n in ast.walk(ast.parse((WORKER / "splat.py").read_text()))
        if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "gaussians"
    }
    assert read == {"get_xyz", "get_features", "get_scaling", "get_rotation", "_opacity", "opacity_bias"}
    assert read <= set(SAM3D["facts"]["gaussianAttributes"])


def test_constants_match_the_sources() -> None:
    assert surface.TO_Y_UP.tolist() == SAM3D["facts"]["zUpToYUp"]
    assert set(SAM3D["facts"]["allowedTargets"]) == workspace.ALLOWED
    assert "LIDRA_SKIP_INIT" in SAM3D["facts"]["environment"]
    assert SAM2["models"]["facebook/sam2.1-hiera-large"] == [weights.SAM2_CONFIG, weights.SAM2.name]


def test_the_replaced_attention_is_that_of_the_source() -> None:
    assert tuple(signature(SAM3D, attention.REPLACED).parameters) == attention.PARAMETERS
    assert SAM3D["signatures"][attention.REPLACED]["file"] == attention.DEFINED.replace(".", "/") + ".py"
    calls = SAM3D["facts"]["maskedCalls"]
    assert {caller.rpartition(".")[2] for caller in attention.CALLERS} == set(calls) - {"serialized_attn"}
    assert all(len(each) == 1 and len(each[0].split(", ")) == len(attention.PARAMETERS) for each in calls.values())


def test_the_shortened_pass_is_that_of_the_source() -> None:
    for name, conditions in SAM3D["facts"]["zeroedConditions"].items():
        assert conditions == ["self.force_zeros_cond and cfg_activate"]
        assert tuple(signature(SAM3D, f"{name}.forward").parameters)[2:] == guidance.PARAMETERS


def test_configuration_keys_are_parameters_of_the_sources() -> None:
    own = signature(SAM3D, "InferencePipelinePointMap.__init__").parameters
    base = signature(SAM3D, "InferencePipeline.__init__").parameters
    assert "depth_model" in own
    for name in ("rendering_engine", "compile_model", "workspace_dir", "ss_generator_config_path", "slat_generator_ckpt_path"):
        assert name in base
    assert "model" in signature(SAM3D, "DepthModel.__init__").parameters
    assert "pretrained_model_name_or_path" in signature(MOGE, "MoGeModel.from_pretrained").parameters
    for name in ("repo_or_dir", "source", "backbone_kwargs"):
        assert name in signature(SAM3D, "Dino.__init__").parameters
    assert "pretrained" in signature(DINOV2, "dinov2_vitl14_reg").parameters


def doubles() -> list[Any]:
    from moge.model.v1 import MoGeModel
    from sam2.build_sam import build_sam2
    from sam2.sam2_image_predictor import SAM2ImagePredictor
    from sam3d_objects.model.backbone.dit.embedder.dino import Dino
    from sam3d_objects.model.backbone.dit.embedder.embedder_fuser import EmbedderFuser
    from sam3d_objects.model.backbone.tdfy_dit.models.mot_sparse_structure_flow import SparseStructureFlowTdfyWrapper
    from sam3d_objects.model.backbone.tdfy_dit.models.structured_latent_flow import SLatFlowModelTdfyWrapper
    from sam3d_objects.model.backbone.tdfy_dit.modules.sparse.attention.masked_sdpa import masked_sdpa
    from sam3d_objects.pipeline.depth_models.base import DepthModel
    from sam3d_objects.pipeline.depth_models.moge import MoGe
    from sam3d_objects.pipeline.inference_pipeline_pointmap import InferencePipeline, InferencePipelinePointMap
    from sam3d_objects.pipeline.inference_utils import downsample_sparse_structure

    pairs: list[Any] = [
        (SAM3D, "downsample_sparse_structure", downsample_sparse_structure), (SAM2, "build_sam2", build_sam2),
        (SAM3D, "masked_sdpa", masked_sdpa),
        (MOGE, "MoGeModel.from_pretrained", MoGeModel.from_pretrained.__func__), (MOGE, "MoGeModel.infer", MoGeModel.infer),
    ]
    transformers = SparseStructureFlowTdfyWrapper, SLatFlowModelTdfyWrapper
    owned = (InferencePipelinePointMap, InferencePipeline, Dino, EmbedderFuser, DepthModel, MoGe, *transformers)
    for recorded, owners in ((SAM3D, owned), (SAM2, (SAM2ImagePredictor,))):
        for owner in owners:
            pairs += [
                (recorded, name, vars(owner)[name.split(".")[1]])
                for name in recorded["signatures"] if name.startswith(owner.__name__ + ".")
            ]
    return pairs


@pytest.mark.usefixtures("importable")
def test_the_doubles_have_the_recorded_signatures() -> None:
    checked = set()
    for recorded, name, function in doubles():
        want = signature(recorded, name)
        have = inspect.signature(function)
        assert [(p.name, p.kind) for p in have.parameters.values()] == [(p.name, p.kind) for p in want.parameters.values()], name
        for p in have.parameters.values():
            default = want.parameters[p.name].default
            assert (p.default is p.empty) == (default is p.empty), f"{name}: {p.name}"
            if p.default is not p.empty and p.default is not None:
                assert str(default).replace('"', "'") == repr(p.default), f"{name}: {p.name}"
        checked.add(name)
    assert len(checked) == 27
