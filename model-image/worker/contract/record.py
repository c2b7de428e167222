"""Records the interfaces of the real sources that the worker uses: signatures, keys, constants.

    python -m worker.contract.record sam-3d-objects=PATH sam2=PATH MoGe=PATH dinov2=PATH

Each PATH is a git repository; the commits are pinned below. The tests check the worker and its
doubles against the output, contract/recorded.json.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PINS = {
    "sam-3d-objects": ("facebookresearch/sam-3d-objects", "cf066761706cd02b07e2fc6274570ec8cdafb683"),
    "sam2": ("facebookresearch/sam2", "2b90b9f5ceec907a1c18123530e92e794ad901a4"),
    "MoGe": ("microsoft/MoGe", "a8c37341bc0325ca99b9d57981cc3bb2bd3e255b"),
    "dinov2": ("facebookresearch/dinov2", "b8931f7bf91576930313be2c6d6af376033b35f0"),
}
_P = "sam3d_objects/pipeline/"
_T = "sam3d_objects/model/backbone/tdfy_dit/"
_A = _T + "modules/sparse/attention/"
#: The functions to record: qualified names by file and repository.
SIGNATURES = {
    "sam-3d-objects": {
        _P + "inference_pipeline_pointmap.py": [
            f"InferencePipelinePointMap.{m}" for m in ("__init__", "run", "compute_pointmap", "run_post_optimization")
        ],
        _P + "inference_pipeline.py": [
            f"InferencePipeline.{m}"
            for m in ("__init__", "sample_sparse_structure", "sample_slat", "decode_slat", "postprocess_slat_output", "merge_image_and_mask")
        ],
        _P + "inference_utils.py": ["downsample_sparse_structure"],
        _P + "depth_models/base.py": ["DepthModel.__init__"],
        _P + "depth_models/moge.py": ["MoGe.__call__"],
        _T + "utils/postprocessing_utils.py": ["to_glb"],
        _A + "masked_sdpa.py": ["masked_sdpa"],
        _T + "models/mot_sparse_structure_flow.py": ["SparseStructureFlowTdfyWrapper.forward"],
        _T + "models/structured_latent_flow.py": ["SLatFlowModelTdfyWrapper.forward"],
        "sam3d_objects/model/backbone/dit/embedder/dino.py": ["Dino.__init__", "Dino.forward"],
        "sam3d_objects/model/backbone/dit/embedder/embedder_fuser.py": ["EmbedderFuser.__init__", "EmbedderFuser.forward"],
        "sam3d_objects/model/backbone/generator/flow_matching/model.py": ["FlowMatching.__init__"],
    },
    "sam2": {
        "sam2/build_sam.py": ["build_sam2"],
        "sam2/sam2_image_predictor.py": [f"SAM2ImagePredictor.{m}" for m in ("__init__", "set_image", "predict", "reset_predictor")],
    },
    "MoGe": {"moge/model/v1.py": ["MoGeModel.from_pretrained", "MoGeModel.infer"]},
    "dinov2": {"dinov2/hub/backbones.py": ["dinov2_vitl14_reg"]},
}


class Source:
    """Files of a repository at its pinned commit."""

    def __init__(self, repository: str, commit: str) -> None:
        self._repository, self._commit = repository, commit

    def tree(self, file: str) -> ast.Module:
        shown = subprocess.run(
            ["git", "-C", self._repository, "show", f"{self._commit}:{file}"], check=True, capture_output=True, text=True
        )
        return ast.parse(shown.stdout)

    def node(self, file: str, name: str) -> ast.FunctionDef:
        body: list[ast.stmt] = self.tree(file).body
        found: ast.stmt | None = None
        for part in name.split("."):
            found = next(n for n in body if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name == part)
            body = found.body
        assert isinstance(found, ast.FunctionDef)
        return found


def signature(node: ast.FunctionDef) -> list[dict[str, str]]:
    """Returns the parameters: name, kind as in inspect.Parameter, and the source of the default."""
    a = node.args
    out: list[dict[str, str]] = []
    plain = [*a.posonlyargs, *a.args]
    defaults = [None] * (len(plain) - len(a.defaults)) + list(a.defaults)
    for i, (arg, default) in enumerate(zip(plain, defaults, strict=True)):
        out.append(_parameter(arg, "POSITIONAL_ONLY" if i < len(a.posonlyargs) else "POSITIONAL_OR_KEYWORD", default))
    if a.vararg:
        out.append(_parameter(a.vararg, "VAR_POSITIONAL", None))
    for arg, default in zip(a.kwonlyargs, a.kw_defaults, strict=True):
        out.append(_parameter(arg, "KEYWORD_ONLY", default))
    if a.kwarg:
        out.append(_parameter(a.kwarg, "VAR_KEYWORD", None))
    return out


def _parameter(arg: ast.arg, kind: str, default: ast.expr | None) -> dict[str, str]:
    return {"name": arg.arg, "kind": kind, **({} if default is None else {"default": ast.unparse(default)})}


def _keys_set(node: ast.AST, variable: str) -> list[str]:
    """Returns the string keys that a function assigns to a dictionary."""
    return sorted({
        str(target.slice.value)
        for n in ast.walk(node) if isinstance(n, ast.Assign) for target in n.targets
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == variable
        and isinstance(target.slice, ast.Constant)
    })


def _keys_read(node: ast.AST, variable: str) -> list[str]:
    """Returns the string keys that a function reads of a dictionary, by index or get."""
    found = set()
    for n in ast.walk(node):
        if isinstance(n, ast.Subscript) and ast.unparse(n.value) == variable and isinstance(n.slice, ast.Constant):
            found.add(str(n.slice.value))
        if isinstance(n, ast.Call) and ast.unparse(n.func) == f"{variable}.get" and isinstance(n.args[0], ast.Constant):
            found.add(str(n.args[0].value))
    return sorted(found)


def _assigned(node: ast.AST) -> list[str]:
    """Returns the attributes of self that a function, or the methods of a class, assign."""
    return sorted({
        target.attr for n in ast.walk(node) if isinstance(n, ast.Assign) for target in n.targets
        if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self"
    })


def _strings(node: ast.AST, variable: str) -> list[str]:
    """Returns the string keys of a dictionary that a function creates and adds to."""
    created = {
        str(key.value)
        for n in ast.walk(node) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Dict) and ast.unparse(n.targets[0]) == variable
        for key in n.value.keys if isinstance(key, ast.Constant)
    }
    return sorted(created | set(_keys_set(node, variable)))


def _arguments(node: ast.AST, function: str) -> list[str]:
    """Returns the arguments of the calls of a function."""
    return [
        ", ".join(map(ast.unparse, [*n.args, *(k.value for k in n.keywords)]))
        for n in ast.walk(node) if isinstance(n, ast.Call) and ast.unparse(n.func) == function
    ]


def _zeroed(node: ast.AST, variable: str) -> list[str]:
    """Returns the conditions under which a function multiplies a variable by 0."""
    return [
        ast.unparse(n.test) for n in ast.walk(node) if isinstance(n, ast.If)
        if any(ast.unparse(statement) == f"{variable} = {variable} * 0" for statement in n.body)
    ]


def _attributes(source: Source, file: str, name: str) -> list[str]:
    """Returns the attributes of a class: its properties, and what its methods assign to self."""
    body = next(n for n in source.tree(file).body if isinstance(n, ast.ClassDef) and n.name == name)
    properties = {n.name for n in body.body if isinstance(n, ast.FunctionDef) and any(ast.unparse(d) == "property" for d in n.decorator_list)}
    return sorted(properties | set(_assigned(body)))


def facts(source: Source) -> dict[str, Any]:
    """Returns the other properties of sam-3d-objects that the worker relies on."""
    run = source.node(_P + "inference_pipeline_pointmap.py", "InferencePipelinePointMap.run")
    calls = sorted({
        n.func.attr for n in ast.walk(run)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and isinstance(n.func.value, ast.Name) and n.func.value.id == "self"
    })
    post = source.node(_P + "inference_pipeline.py", "InferencePipeline.postprocess_slat_output")
    structure = source.node(_P + "inference_pipeline.py", "InferencePipeline.sample_sparse_structure")
    pose = source.node(_P + "inference_utils.py", "pose_decoder")
    returned = [n.value for n in ast.walk(pose) if isinstance(n, ast.Return) and isinstance(n.value, ast.Dict)]
    glb = source.node(_T + "utils/postprocessing_utils.py", "to_glb")
    turn = next(n.right for n in ast.walk(glb) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.MatMult))
    assert isinstance(turn, ast.Call)
    demo = source.tree("notebook/inference.py")
    allowed = next(n.value for n in demo.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "WHITELIST_FILTERS")
    package = source.tree("sam3d_objects/__init__.py")
    results = [n.value for n in ast.walk(run) if isinstance(n, ast.Return) and isinstance(n.value, ast.Dict)]
    return {
        "runCalls": calls,
        "runKeys": sorted({k.value for d in results for k in d.keys if isinstance(k, ast.Constant)}),
        "outputKeys": _keys_set(post, "outputs"),
        "structureKeys": _keys_set(structure, "return_dict"),
        "depthKeys": _keys_read(source.node(_P + "inference_pipeline_pointmap.py", "InferencePipelinePointMap.compute_pointmap"), "output"),
        "attributes": sorted(
            name for file, owner in (("inference_pipeline_pointmap.py", "InferencePipelinePointMap"), ("inference_pipeline.py", "InferencePipeline"))
            for name in _assigned(source.node(_P + file, f"{owner}.__init__"))
        ),
        "meshDecoderAttributes": _assigned(source.node(_T + "models/structured_latent_vae/decoder_mesh.py", "SLatMeshDecoder.__init__")),
        # The tensors of the whole picture and of the object, by the embedder's argument.
        "embedderInputs": _strings(source.node(_P + "inference_pipeline_pointmap.py", "InferencePipelinePointMap.preprocess_image"), "item"),
        "poseKeys": sorted(str(k.value) for d in returned for k in d.keys if isinstance(k, ast.Constant)),
        "gaussianAttributes": _attributes(source, _T + "representations/gaussian/gaussian_model.py", "Gaussian"),
        "zUpToYUp": ast.literal_eval(turn.args[0]),
        "allowedTargets": sorted(s for n in ast.walk(allowed) if isinstance(n, ast.Set) for s in ast.literal_eval(n)),
        "maskedCalls": {
            name: _arguments(source.tree(f"{_A}{name}.py"), "masked_sdpa") for name in ("full_attn", "windowed_attn", "serialized_attn")
        },
        "zeroedConditions": {
            name: _zeroed(source.node(f"{_T}models/{file}.py", f"{name}.forward"), "cond") for file, name in (
                ("mot_sparse_structure_flow", "SparseStructureFlowTdfyWrapper"), ("structured_latent_flow", "SLatFlowModelTdfyWrapper"),
            )
        },
        "environment": [
            str(n.args[0].value) for n in ast.walk(package)
            if isinstance(n, ast.Call) and ast.unparse(n.func) == "os.environ.get" and isinstance(n.args[0], ast.Constant)
        ],
    }


def sam2_models(source: Source) -> Any:
    """Returns the configuration and weights file of each published SAM 2 model."""
    table = next(
        n.value for n in source.tree("sam2/build_sam.py").body
        if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "HF_MODEL_ID_TO_FILENAMES"
    )
    return ast.literal_eval(table)


def main(arguments: list[str]) -> None:
    paths = dict(a.split("=", 1) for a in arguments)
    if set(paths) != set(PINS):
        sys.exit(f"give a repository for each of {', '.join(PINS)}, as NAME=PATH")
    recorded: dict[str, Any] = {}
    for name, (repository, commit) in PINS.items():
        source = Source(paths[name], commit)
        recorded[name] = {
            "repository": repository, "commit": commit,
            "signatures": {
                qualified: {"file": file, "parameters": signature(source.node(file, qualified))}
                for file, names in SIGNATURES[name].items() for qualified in names
            },
        }
        if name == "sam-3d-objects":
            recorded[name]["facts"] = facts(source)
        elif name == "sam2":
            recorded[name]["models"] = sam2_models(source)
    out = Path(__file__).with_name("recorded.json")
    out.write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
