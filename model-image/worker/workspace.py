"""Adapts the pipeline's configuration to this machine.

The generators' configurations name DINOv2 as a torch.hub repository on GitHub
(sam3d_objects/model/backbone/dit/embedder/dino.py), which torch.hub contacts at every load. The
workspace is a folder of links to the read-only weights in which those two files are replaced: the
hub repository is replaced by a local folder with its code, and its pretrained weights are not
loaded if the checkpoint contains them. It does if it is loaded strictly, as every checkpoint except
.safetensors is (pipeline/inference_pipeline.py, instantiate_and_load_from_pretrained).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import arguments, environment, weights
from .failure import WorkerFailure

#: Packages from which hydra may instantiate, as in the demo of the source (notebook/inference.py).
ALLOWED = frozenset({"sam3d_objects", "torch", "torchvision", "moge"})
_DINO = "sam3d_objects.model.backbone.dit.embedder.dino.Dino"


def load_pipeline(model: Path) -> Any:
    """Loads pipeline.yaml and checks that all files of the set-up exist."""
    others = [weights.MOGE, weights.SAM2]
    weights.require(model, [weights.PIPELINE] if (model / weights.PIPELINE).is_file() else [weights.PIPELINE, *others])
    omegaconf: Any = environment.load("omegaconf")
    try:
        config = omegaconf.OmegaConf.load(model / weights.PIPELINE)
        # Parts that a run does not use: a second splat decoder, with fewer Gaussians, and the
        # encoder of the first stage, whose published files are empty (issue 160 of the source).
        for part in ("slat_decoder_gs_4", "ss_encoder"):
            config[f"{part}_config_path"] = config[f"{part}_ckpt_path"] = None
        named = weights.named_by(config)
    except Exception as err:  # YAML and OmegaConf raise many types
        raise WorkerFailure("bad_config", f"reading {model / weights.PIPELINE}: {err}; push the weights again.") from err
    weights.require(model, [*named, *others])
    return config


def adapt(config: Any, model: Path, scratch: Path, dinov2: Path) -> Any:
    """Sets the machine-dependent values and creates the workspace in scratch."""
    workspace = scratch / "workspace"
    shutil.rmtree(workspace, ignore_errors=True)
    _link(model / weights.PIPELINE.parent, workspace)
    for key in ("ss_generator", "slat_generator"):
        _localize(config, key, workspace, model, dinov2)
    config.rendering_engine = "pytorch3d"  # the other engine is nvdiffrast, which is not installed
    config.compile_model = False
    config.workspace_dir = str(workspace)
    depth = config.get("depth_model")
    if depth is None or depth.get("model") is None or "pretrained_model_name_or_path" not in depth.model:
        raise WorkerFailure(
            "bad_config", "pipeline.yaml has no depth_model.model.pretrained_model_name_or_path; the weights are not those of sam-3d-objects."
        )
    depth.model.pretrained_model_name_or_path = str(model / weights.MOGE)
    check_targets(config)
    arguments.check(config)
    return config


def _required(config: Any, key: str) -> Any:
    value = config.get(key)
    if value is None:
        raise WorkerFailure("bad_config", f"pipeline.yaml has no {key}; the weights are not those of sam-3d-objects.")
    return value


def _link(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.is_file():
            link = target / path.relative_to(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)


def _localize(config: Any, key: str, workspace: Path, model: Path, dinov2: Path) -> None:
    omegaconf: Any = environment.load("omegaconf")
    name = str(_required(config, f"{key}_config_path"))
    strict = not str(_required(config, f"{key}_ckpt_path")).endswith(".safetensors")
    path = workspace / name
    generator = omegaconf.OmegaConf.load(path)
    changed = False
    for node in _nodes(generator):
        if node.get("_target_") != _DINO:
            continue
        if not (dinov2 / "hubconf.py").is_file():
            raise WorkerFailure("missing_package", f"{dinov2} lacks the code of facebookresearch/dinov2; use the model image, which has it.")
        node.repo_or_dir, node.source = str(dinov2), "local"
        if strict:
            node.backbone_kwargs = {**(node.get("backbone_kwargs") or {}), "pretrained": False}
        elif not list((model / weights.TORCH_HOME / "hub" / "checkpoints").glob("dinov2_*.pth")):
            raise WorkerFailure(
                "missing_weights", f"{model} lacks {weights.TORCH_HOME}/hub/checkpoints/dinov2_*.pth, which {name} needs; run `gen3d weights push`."
            )
        changed = True
    if changed:
        path.unlink()  # a link to the original
        omegaconf.OmegaConf.save(generator, path)


def _nodes(node: Any) -> Iterator[Any]:
    omegaconf: Any = environment.load("omegaconf")
    if isinstance(node, omegaconf.DictConfig):
        yield node
        # Do not resolve interpolations: they may refer to values that do not exist yet.
        for _, value in node.items_ex(resolve=False):
            yield from _nodes(value)
    elif isinstance(node, omegaconf.ListConfig):
        for value in node._iter_ex(resolve=False):
            yield from _nodes(value)


def check_targets(config: Any) -> None:
    """Raises a failure if the configuration would call code outside the model's packages."""
    for node in _nodes(config):
        target = node.get("_target_")
        if target is not None and not _allowed(str(target)):
            raise WorkerFailure(
                "bad_config", f"pipeline.yaml calls {target}, which is not in the model's packages; check the source of the weights."
            )


def _allowed(target: str) -> bool:
    if target.split(".", 1)[0] not in ALLOWED:
        return False
    hydra: Any = environment.load("hydra.utils")
    try:
        called = hydra.get_method(target)
    except Exception as err:
        raise WorkerFailure("bad_config", f"pipeline.yaml names {target}, which cannot be imported: {err}") from err
    # torch.os.system begins with torch, so check the module of the resolved object.
    home = getattr(called, "__module__", None) or type(getattr(called, "__self__", called)).__module__
    return str(home).split(".", 1)[0] in ALLOWED
