"""The adapted configuration, with the real OmegaConf and hydra."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from .. import weights, workspace
from ..failure import WorkerFailure

pytestmark = pytest.mark.usefixtures("importable")


def adapted(model: Path, scratch: Path, dinov2: Path) -> object:
    return workspace.adapt(workspace.load_pipeline(model), model, scratch, dinov2)


def test_hubs_are_replaced_by_folders(model: Path, tmp_path: Path, dinov2: Path) -> None:
    config = adapted(model, tmp_path, dinov2)
    assert config.depth_model.model.pretrained_model_name_or_path == str(model / "moge/model.pt")  # type: ignore[attr-defined]
    assert config.rendering_engine == "pytorch3d"  # type: ignore[attr-defined]
    work = Path(config.workspace_dir)  # type: ignore[attr-defined]
    for name in ("ss_generator", "slat_generator"):
        backbone = OmegaConf.load(work / f"{name}.yaml").module.condition_embedder.backbone.embedder_list[0][0]
        assert backbone.source == "local" and backbone.repo_or_dir == str(dinov2) and backbone.backbone_kwargs == {"pretrained": False}
        assert backbone.input_size == 518, "the rest is kept"
        assert not (work / f"{name}.yaml").is_symlink()
    assert (work / "ss_decoder.yaml").resolve() == model / "sam3d/ss_decoder.yaml"
    assert "source" not in (model / "sam3d/ss_generator.yaml").read_text(), "the weights are left as they are"


def test_parts_that_a_run_does_not_use_may_be_empty(model: Path, tmp_path: Path, dinov2: Path) -> None:
    path = model / weights.PIPELINE
    path.write_text(path.read_text() + "ss_encoder_config_path: ss_encoder.yaml\nss_encoder_ckpt_path: ss_encoder.safetensors\n")
    for name in ("ss_encoder.yaml", "ss_encoder.safetensors"):
        (model / "sam3d" / name).write_bytes(b"")
    assert adapted(model, tmp_path, dinov2).ss_encoder_ckpt_path is None  # type: ignore[attr-defined]


def test_the_workspace_is_recreated_at_every_start(model: Path, tmp_path: Path, dinov2: Path) -> None:
    for _ in range(2):
        adapted(model, tmp_path, dinov2)


def test_safetensors_checkpoints_need_dinov2_weights(model: Path, tmp_path: Path, dinov2: Path) -> None:
    path = model / weights.PIPELINE
    path.write_text(path.read_text().replace("ss_generator.ckpt", "ss_generator.safetensors"))
    (model / "sam3d/ss_generator.ckpt").rename(model / "sam3d/ss_generator.safetensors")
    with pytest.raises(WorkerFailure, match=r"dinov2/hub/checkpoints/dinov2_\*.pth, which ss_generator.yaml needs"):
        adapted(model, tmp_path, dinov2)
    hub = model / "dinov2/hub/checkpoints"
    hub.mkdir(parents=True)
    (hub / "dinov2_vitl14_reg4_pretrain.pth").write_bytes(b"weights")
    work = Path(adapted(model, tmp_path, dinov2).workspace_dir)  # type: ignore[attr-defined]
    assert "backbone_kwargs" not in OmegaConf.load(work / "ss_generator.yaml").module.condition_embedder.backbone.embedder_list[0][0]


def test_all_missing_files_are_named_at_once(model: Path) -> None:
    (model / "moge/model.pt").unlink()
    (model / "sam2/sam2.1_hiera_large.pt").unlink()
    (model / "sam3d/ss_decoder.ckpt").write_bytes(b"")
    with pytest.raises(WorkerFailure, match=r"lacks sam3d/ss_decoder.ckpt, moge/model.pt, sam2/sam2.1_hiera_large.pt;"):
        workspace.load_pipeline(model)
    (model / "sam3d/pipeline.yaml").unlink()
    with pytest.raises(WorkerFailure, match=r"lacks sam3d/pipeline.yaml, moge/model.pt, sam2/sam2.1_hiera_large.pt;"):
        workspace.load_pipeline(model)


def test_unreadable_files_are_not_reported_as_missing(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = model / "moge/model.pt"
    allowed = os.access  # the tests may run as root
    monkeypatch.setattr(os, "access", lambda path, mode: path != closed and allowed(path, mode))
    with pytest.raises(WorkerFailure, match=r"^User \d+ may not read moge/model.pt in .*; make the files readable to all.$"):
        workspace.load_pipeline(model)


def test_the_coarse_splat_decoder_is_not_loaded(model: Path, tmp_path: Path, dinov2: Path) -> None:
    path = model / weights.PIPELINE
    path.write_text(path.read_text() + "slat_decoder_gs_4_config_path: gs4.yaml\nslat_decoder_gs_4_ckpt_path: gs4.ckpt\n")
    config = adapted(model, tmp_path, dinov2)
    assert config.slat_decoder_gs_4_ckpt_path is None  # type: ignore[attr-defined]


def test_missing_dinov2_code_is_reported(model: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkerFailure, match="lacks the code of facebookresearch/dinov2"):
        adapted(model, tmp_path, tmp_path / "nowhere")


@pytest.mark.parametrize("target", [
    "os.system", "builtins.eval", "subprocess.Popen", "torch.os.system", "moge.model.v1.os.remove", "sam3d_objects.os.kill", "shutil.rmtree",
])
def test_targets_outside_the_models_packages_are_refused(model: Path, tmp_path: Path, dinov2: Path, target: str) -> None:
    path = model / weights.PIPELINE
    path.write_text(path.read_text() + f"ss_preprocessor:\n  steps:\n  - _target_: {target}\n    command: touch /tmp/x\n")
    with pytest.raises(WorkerFailure, match="not in the model's packages") as failure:
        adapted(model, tmp_path, dinov2)
    assert failure.value.code == "bad_config"


@pytest.mark.parametrize("text", ["{", "- a\n- b\n", "depth_model: {model: {}}\n"])
def test_an_invalid_pipeline_file_is_reported(model: Path, tmp_path: Path, dinov2: Path, text: str) -> None:
    (model / weights.PIPELINE).write_text(text)
    with pytest.raises(WorkerFailure) as failure:
        adapted(model, tmp_path, dinov2)
    assert failure.value.code == "bad_config"
