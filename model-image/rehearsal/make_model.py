"""Writes a model folder with small random weights and the structure of the published one.

    python make_model.py FOLDER DINOV2          (with hooks/ on the path)

The classes in the configurations, their nesting and the keys of the checkpoints are those of
facebook/sam-3d-objects. Sizes are small, so that a run on a CPU takes a minute.
"""

from __future__ import annotations

import copy
import os
import sys
from pathlib import Path
from typing import Any

os.environ.update(LIDRA_SKIP_INIT="true", ATTN_BACKEND="sdpa", SPARSE_ATTN_BACKEND="sdpa")

import torch
import yaml
from hydra.utils import instantiate
from moge.model.v1 import MoGeModel
from omegaconf import OmegaConf
from sam2.build_sam import build_sam2

PACKAGE = "sam3d_objects."
BACKBONE = PACKAGE + "model.backbone."
MODELS = BACKBONE + "tdfy_dit.models."
DATA = PACKAGE + "data.dataset.tdfy."
WIDTH = 64
Config = dict[str, Any]
PARTS = ("ss_generator", "slat_generator", "ss_decoder", "slat_decoder_gs", "slat_decoder_gs_4", "slat_decoder_mesh")


def embedder(*views: tuple[Config, str], **more: Any) -> Config:
    """Returns several embedders, each for the cropped object and for the whole picture."""
    listed = [[one, [[what, "cropped"], [f"rgb_{what}" if what != "mask" else "rgb_image_mask", "full"]]] for one, what in views]
    return {
        "_target_": BACKBONE + "dit.embedder.embedder_fuser.EmbedderFuser", "embedder_list": listed,
        "projection_net_hidden_dim_multiplier": 1.0, "use_pos_embedding": "learned", **more,
    }


def dino(**more: Any) -> Config:
    return {"_target_": BACKBONE + "dit.embedder.dino.Dino", "dino_model": "dinov2_vits14_reg", "input_size": 70, "normalize_images": True, **more}


def latent(channels: int, **position: Any) -> Config:
    position = position or {"_target_": MODELS + "mm_latent.LearntPositionEmbedder", "token_len": 1}
    return {
        "_target_": MODELS + "mm_latent.Latent", "in_channels": channels, "model_channels": WIDTH,
        "pos_embedder": {**position, "model_channels": WIDTH},
    }


SAMPLER = {"_partial_": True, "_target_": BACKBONE + "generator.flow_matching.model.lognorm_sampler", "mean": -1.0, "std": 1.0}
FLOW = {
    "cond_channels": 384, "condition_embedder": None, "force_zeros_cond": True, "in_channels": 8, "mlp_ratio": 4, "model_channels": WIDTH,
    "num_blocks": 2, "num_heads": 4, "out_channels": 8, "pe_mode": "ape", "qk_rms_norm": True, "use_fp16": False,
}
POSE = ("6drotation_normalized", "translation", "scale", "translation_scale")
POINTS = {
    "_target_": BACKBONE + "dit.embedder.pointmap.PointPatchEmbed", "embed_dim": 64, "input_size": 64, "patch_size": 8, "remap_output": "linear",
}
SS_GENERATOR = {"module": {
    "condition_embedder": {"backbone": embedder(
        (dino(), "image"), (dino(), "mask"),
        (POINTS, "pointmap"),
        drop_modalities_weight=[[["pointmap", "rgb_pointmap"], 1.0]], dropout_prob=0.1, force_drop_modalities=None, freeze=True,
    )},
    "generator": {"backbone": {
        "_target_": BACKBONE + "generator.shortcut.model.ShortCut", "batch_mode": True, "cfg_modalities": ["shape"], "inference_steps": 2,
        "loss_weights": {"_target_": PACKAGE + "config.utils.make_dict", "shape": 0, **dict.fromkeys(POSE, 0.1)},
        "ratio_cfg_samples_in_self_consistency_target": 0.25, "rescale_t": 1, "self_consistency_cfg_strength": 2.0,
        "self_consistency_prob": 0.25, "shortcut_loss_weight": 1.0, "sigma_min": 0.0, "time_scale": 1000.0, "training_time_sampler_fn": SAMPLER,
        "reverse_fn": {
            "_target_": BACKBONE + "generator.classifier_free_guidance.ClassifierFreeGuidanceWithExternalUnconditionalProbability",
            "interval": [0, 500], "p_unconditional": 0.1, "strength": 2.0, "unconditional_handling": "add_flag",
            "backbone": {
                "_target_": MODELS + "mot_sparse_structure_flow.SparseStructureFlowTdfyWrapper", **FLOW, "is_shortcut_model": True,
                "freeze_d_time_embedder": True, "freeze_shared_parameters": True, "patch_size": 1, "resolution": 16, "use_checkpoint": False,
                "latent_mapping": {
                    "6drotation_normalized": latent(6), "scale": latent(3), "translation": latent(3), "translation_scale": latent(1),
                    "shape": latent(8, _target_=MODELS + "mm_latent.ShapePositionEmbedder", patch_size=1, resolution=16),
                },
                "latent_share_transformer": {"6drotation_normalized": list(POSE)},
            },
        },
    }},
}}
SLAT_GENERATOR = {"module": {
    "condition_embedder": {"backbone": embedder((dino(prenorm_features=True), "image"), (dino(prenorm_features=True), "mask"))},
    "generator": {"backbone": {
        "_target_": BACKBONE + "generator.flow_matching.model.FlowMatching", "inference_steps": 2, "sigma_min": 0.0, "time_scale": 1000.0,
        "training_time_sampler_fn": SAMPLER,
        "reverse_fn": {
            "_target_": BACKBONE + "generator.classifier_free_guidance.ClassifierFreeGuidance", "p_unconditional": 0.0, "strength": 0.0,
            "unconditional_handling": "add_flag",
            "backbone": {
                "_target_": MODELS + "structured_latent_flow.SLatFlowModelTdfyWrapper", **FLOW, "io_block_channels": [32],
                "num_io_res_blocks": 2, "patch_size": 2, "resolution": 64,
            },
        },
    }},
}}
DECODER = {"latent_channels": 8, "num_blocks": 2, "num_heads": 4, "mlp_ratio": 4, "attn_mode": "swin", "window_size": 8, "use_fp16": False}
SPLAT = {
    "_target_": MODELS + "structured_latent_vae.decoder_gs.SLatGaussianDecoderTdfyWrapper", **DECODER, "model_channels": WIDTH, "resolution": 64,
    "representation_config": {
        "lr": {"_xyz": 1.0, "_features_dc": 1.0, "_opacity": 1.0, "_scaling": 1.0, "_rotation": 0.1}, "perturb_offset": True,
        "voxel_size": 0.5, "num_gaussians": 4, "2d_filter_kernel_size": 0.1, "3d_filter_kernel_size": 0.0009, "scaling_bias": 0.004,
        "opacity_bias": 0.1, "scaling_activation": "softplus",
    },
}
CONFIGS: dict[str, Config] = {
    "ss_generator": SS_GENERATOR, "slat_generator": SLAT_GENERATOR, "slat_decoder_gs": SPLAT, "slat_decoder_gs_4": SPLAT,
    "slat_decoder_mesh": {
        "_target_": MODELS + "structured_latent_vae.decoder_mesh.SLatMeshDecoderTdfyWrapper", **DECODER, "model_channels": 256, "resolution": 16,
        "representation_config": {"use_color": True},
    },
    "ss_decoder": {
        "_target_": MODELS + "sparse_structure_vae.SparseStructureDecoderTdfyWrapper", "out_channels": 1, "latent_channels": 8,
        "num_res_blocks": 1, "num_res_blocks_middle": 1, "channels": [32], "reshape_input_to_cube": False,
    },
}


def squared(**resize: Any) -> Config:
    return {"_target_": "torchvision.transforms.Compose", "transforms": [
        {"_partial_": True, "_target_": DATA + "img_processing.pad_to_square_centered"},
        {"_target_": "torchvision.transforms.Resize", "size": 140, **resize},
    ]}


CROP = {"_partial_": True, "_target_": DATA + "img_and_mask_transforms.crop_around_mask_with_padding", "box_size_factor": 1.2, "padding_factor": 0.0}
PIPELINE = {
    "_target_": PACKAGE + "pipeline.inference_pipeline_pointmap.InferencePipelinePointMap",
    **{f"{part}_config_path": f"{part}.yaml" for part in PARTS}, **{f"{part}_ckpt_path": f"{part}.ckpt" for part in PARTS},
    "pad_size": 1.0, "dtype": "float16", "version": "rehearsal", "slat_cfg_strength": 2, "slat_rescale_t": 1, "downsample_ss_dist": 1,
    "ss_inference_steps": 2, "slat_inference_steps": 2, "compile_model": True, "pose_decoder_name": "ScaleShiftInvariant",
    "ss_condition_input_mapping": [], "slat_condition_input_mapping": [],
    "ss_preprocessor": {
        "_target_": DATA + "preprocessor.PreProcessor", "img_mask_joint_transform": [],
        "img_mask_pointmap_joint_transform": [{"_partial_": True, "_target_": DATA + "img_and_mask_transforms.resize_all_to_same_size"}, CROP],
        "img_transform": squared(), "mask_transform": squared(interpolation=0), "pointmap_transform": squared(interpolation=0),
        "normalize_pointmap": True,
        "pointmap_normalizer": {
            "_target_": DATA + "img_and_mask_transforms.ObjectCentricSSI", "allow_scale_and_shift_override": True, "use_scene_scale": True,
        },
    },
    "slat_preprocessor": {
        "_target_": DATA + "preprocessor.PreProcessor", "img_transform": squared(), "mask_transform": squared(interpolation=0),
        "img_mask_joint_transform": [CROP],
    },
    "depth_model": {
        "_target_": PACKAGE + "pipeline.depth_models.moge.MoGe",
        "model": {"_target_": "moge.model.v1.MoGeModel.from_pretrained", "pretrained_model_name_or_path": "Ruicheng/moge-vitl"},
    },
    "slat_mean": [0.0] * 8, "slat_std": [1.0] * 8,
}


def local(config: Any, dinov2: str) -> Any:
    """Returns the configuration with DINOv2's code from a folder and without its weights."""
    if isinstance(config, list):
        return [local(c, dinov2) for c in config]
    if not isinstance(config, dict):
        return config
    changed = {key: local(value, dinov2) for key, value in config.items()}
    if str(config.get("_target_")).endswith("dino.Dino"):
        changed.update(repo_or_dir=dinov2, source="local", backbone_kwargs={"pretrained": False})
    return changed


def built(config: Config) -> Any:
    """Returns the module with random weights, also where it initializes weights to zero."""
    module = instantiate(OmegaConf.create(config))
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.abs().max() == 0:
                parameter.normal_(std=0.05)
    return module


def main(folder: Path, dinov2: str) -> None:
    torch.manual_seed(0)
    for name in ("sam3d", "moge", "sam2"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    sam3d = folder / "sam3d"
    (sam3d / "pipeline.yaml").write_text(yaml.safe_dump(copy.deepcopy(PIPELINE), sort_keys=False))
    for name, config in CONFIGS.items():
        (sam3d / f"{name}.yaml").write_text(yaml.safe_dump(copy.deepcopy(config), sort_keys=False))
        if "module" in config:
            state = {
                f"_base_models.{part}.{key}": value for part in ("generator", "condition_embedder")
                for key, value in built(local(config["module"][part]["backbone"], dinov2)).state_dict().items()
            }
            torch.save({"state_dict": state}, sam3d / f"{name}.ckpt")
            continue
        module = built(config)
        if name == "ss_decoder":  # a fifth of the grid is then occupied
            with torch.no_grad():
                out = module(torch.randn(1, 8, 16, 16, 16))
                last = [m for m in module.out_layer.modules() if isinstance(m, torch.nn.Conv3d)][-1]
                last.bias -= torch.quantile(out, 0.8)
        torch.save(module.state_dict(), sam3d / f"{name}.ckpt")
    moge = {
        "encoder": "dinov2_vits14", "intermediate_layers": 2, "dim_proj": 32, "dim_upsample": [32, 32, 32], "num_tokens_range": [64, 100],
        "remap_output": "exp",
    }
    torch.save({"model_config": moge, "model": MoGeModel(**moge).state_dict()}, folder / "moge" / "model.pt")
    sam2 = build_sam2("configs/sam2.1/sam2.1_hiera_l.yaml", None, device="cpu")
    torch.save({"model": sam2.state_dict()}, folder / "sam2" / "sam2.1_hiera_large.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
