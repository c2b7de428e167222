"""Double of the pipeline with the real signatures and order of calls. The object is a ball.

Some seeds simulate failures; see the constants.
"""

import functools
import os
import signal
import subprocess
import sys
import time
from copy import deepcopy
from types import SimpleNamespace

import numpy as np
import torch
import trimesh
from hydra.utils import instantiate
from omegaconf import OmegaConf

# Like set_attention_backend of the real pipeline on larger GPUs, before importing these.
os.environ["ATTN_BACKEND"] = os.environ["SPARSE_ATTN_BACKEND"] = "flash_attn"

from ..model.backbone.module import Decoder, Generator, Module
from ..model.backbone.tdfy_dit.models.mot_sparse_structure_flow import SparseStructureFlowTdfyWrapper
from ..model.backbone.tdfy_dit.models.structured_latent_flow import SLatFlowModelTdfyWrapper
from ..model.backbone.tdfy_dit.modules import attention, sparse
from ..model.backbone.tdfy_dit.modules.sparse.attention import full_attn, masked_sdpa, windowed_attn
from .gaussian import Gaussian

assert attention.BACKEND == sparse.ATTN == "sdpa", "flash_attn is not installed"

OOM_ONCE, OOM_ALWAYS, KILLED, HANGS, NOISY, EMPTY, BROKEN_GPU, RAISES, OOM_TEXT, NOT_FINITE = range(9001, 9011)
# In half precision the mesh is empty, has vertices that are not finite, or there is no voxel.
HALF_EMPTY, HALF_NOT_FINITE, HALF_NO_VOXEL = range(9011, 9014)
OOM_SAMPLING = 9020  # whenever stage 1 samples
VOXELS = 30_000
TOKENS = np.ones((1, 5496, 2))


def occupy_gpu():
    """Simulates DOUBLE_GPU_MS ms of GPU time and appends its begin and end to the file DOUBLE_GPU_LOG, in ms of Unix time."""
    began = time.time()
    time.sleep(float(os.environ.get("DOUBLE_GPU_MS", "0")) / 1000)
    if log := os.environ.get("DOUBLE_GPU_LOG"):
        with open(log, "a") as file:
            file.write(f"{began * 1000:.3f} {time.time() * 1000:.3f}\n")


@functools.cache
def ball():
    """The vertices and faces of the object, with as many subdivisions as DOUBLE_SUBDIVISIONS says, 3 by default."""
    made = trimesh.creation.icosphere(subdivisions=int(os.environ.get("DOUBLE_SUBDIVISIONS", "3")), radius=0.25)
    return np.asarray(made.vertices), np.asarray(made.faces)


def sample(generator, steps, use_distillation, fails=False):
    """Sets a generator up as the source does, and appends its name, steps and mode to the file DOUBLE_SAMPLER_LOG.

    The source does not set the steps back if the sampling fails (inference_pipeline.py,
    sample_sparse_structure and sample_slat).
    """
    before = generator.inference_steps
    if steps:
        generator.inference_steps = steps
    generator.no_shortcut = not use_distillation
    if log := os.environ.get("DOUBLE_SAMPLER_LOG"):
        with open(log, "a") as file:
            file.write(f"{generator.name} {generator.inference_steps}{' distilled' if use_distillation else ''}\n")
    if fails:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    generator.inference_steps = before


class InferencePipeline:
    def __init__(
        self, ss_generator_config_path, ss_generator_ckpt_path, slat_generator_config_path, slat_generator_ckpt_path,
        ss_decoder_config_path, ss_decoder_ckpt_path, slat_decoder_gs_config_path, slat_decoder_gs_ckpt_path,
        slat_decoder_mesh_config_path, slat_decoder_mesh_ckpt_path, slat_decoder_gs_4_config_path=None, slat_decoder_gs_4_ckpt_path=None,
        ss_encoder_config_path=None, ss_encoder_ckpt_path=None, decode_formats=["gaussian", "mesh"], dtype="bfloat16",  # noqa: B006
        pad_size=1.0, version="v0", device="cuda", ss_preprocessor=None, slat_preprocessor=None,
        ss_condition_input_mapping=["image"], slat_condition_input_mapping=["image"], pose_decoder_name="default",  # noqa: B006
        workspace_dir="", downsample_ss_dist=0, ss_inference_steps=25, ss_rescale_t=3, ss_cfg_strength=7,
        ss_cfg_interval=[0, 500], ss_cfg_strength_pm=0.0, slat_inference_steps=25, slat_rescale_t=3, slat_cfg_strength=5,  # noqa: B006
        slat_cfg_interval=[0, 500], rendering_engine="nvdiffrast", shape_model_dtype=None, compile_model=False,  # noqa: B006
        slat_mean=None, slat_std=None,
    ):
        assert rendering_engine == "pytorch3d" and not compile_model
        self.workspace_dir = workspace_dir
        self.dtype = dtype
        self.shape_model_dtype = dtype if shape_model_dtype is None else shape_model_dtype
        self.ss_inference_steps, self.slat_inference_steps = ss_inference_steps, slat_inference_steps
        self.models = Module(
            ss_generator=self._load(ss_generator_ckpt_path, Generator("ss_generator", ss_inference_steps, SparseStructureFlowTdfyWrapper())),
            slat_generator=self._load(slat_generator_ckpt_path, Generator("slat_generator", slat_inference_steps, SLatFlowModelTdfyWrapper())),
            ss_encoder=None, ss_decoder=self._load(ss_decoder_ckpt_path, Module()),
            slat_decoder_gs=self._load(slat_decoder_gs_ckpt_path, Decoder()), slat_decoder_gs_4=slat_decoder_gs_4_config_path,
            slat_decoder_mesh=self._load(slat_decoder_mesh_ckpt_path, Decoder()),
        )
        self.condition_embedders = {
            "ss_condition_embedder": self._embedder(ss_generator_config_path, ss_generator_ckpt_path),
            "slat_condition_embedder": self._embedder(slat_generator_config_path, slat_generator_ckpt_path),
        }

    def _load(self, ckpt_path, model):
        """As instantiate_and_load_from_pretrained does, whose load is only strict for other files than .safetensors."""
        path = os.path.join(self.workspace_dir, ckpt_path)
        if not os.path.isfile(path):
            raise FileNotFoundError(path)
        if not ckpt_path.endswith(".safetensors"):
            torch.load(path, map_location="cpu", weights_only=False)
        return model

    def _embedder(self, config_path, ckpt_path):
        config = OmegaConf.load(os.path.join(self.workspace_dir, config_path))
        return self._load(ckpt_path, instantiate(config["module"]["condition_embedder"]["backbone"]))

    def _embed(self, name, image):
        whole = torch.Tensor(image[..., :3])
        mask = torch.Tensor(image[..., 3])
        inside = torch.Tensor(image[..., :3] * (image[..., 3:] > 0))
        return self.condition_embedders[name](image=inside, rgb_image=whole, mask=mask, rgb_image_mask=mask)

    def _half_blocks(self):
        decoders = [m for m in self.models.modules() if isinstance(m, Decoder)]
        assert all(m.blocks == m.dtype for m in decoders), "features and weights would have different types"
        return any(m.blocks == torch.float16 for m in decoders)

    def merge_image_and_mask(self, image, mask):
        assert mask is None
        return np.array(image)

    def sample_sparse_structure(self, ss_input_dict, inference_steps=None, use_distillation=False):
        assert torch.is_inference_mode_enabled(), "gradients would be kept for nothing"
        self._tokens = self._embed("ss_condition_embedder", ss_input_dict)
        sample(self.models["ss_generator"], inference_steps, use_distillation, fails=self._seed == OOM_SAMPLING)
        self._guide("ss_generator", TOKENS)
        if self._seed == HALF_NO_VOXEL and self._halved:
            raise IndexError("min(): Expected reduction dim 0 to have non-zero size.")
        return {"coords": torch.Tensor(np.zeros((VOXELS, 4))), "downsample_factor": 1, "rotation": torch.Tensor([[0.5, 0.5, 0.5, 0.5]])}

    def sample_slat(self, slat_input, coords, inference_steps=25, use_distillation=False):
        assert isinstance(coords, torch.Tensor) and coords.shape[1] == 4
        if coords.numpy().max() >= self.models["slat_decoder_mesh"].resolution:
            raise IndexError("index 128 is out of bounds for dimension 0 with size 65")  # of the decoder, with a smaller grid
        sample(self.models["slat_generator"], inference_steps, use_distillation)
        self._guide("slat_generator", TOKENS, coords)
        if inference_steps != 1:  # the steps of a warm-up
            occupy_gpu()
        self._tokens += self._embed("slat_condition_embedder", slat_input)
        return coords

    def _guide(self, name, *condition):
        """Evaluates a transformer with and without the condition, as ClassifierFreeGuidance does."""
        transformer = self.models[name].reverse_fn.backbone
        given, zeroed = transformer(None, 0.5, *condition), transformer(None, 0.5, *condition, cfg=True)
        assert given.shape == TOKENS.shape and zeroed.shape == (1, 1, 2) and not zeroed.any(), "the worker passes one token"

    def decode_slat(self, slat, formats=["mesh", "gaussian"]):  # noqa: B006
        for module in (full_attn, windowed_attn):
            assert module.masked_sdpa is not masked_sdpa.masked_sdpa, "it would build masks of voxels × voxels"
        assert "mesh" in formats and "gaussian" in formats, "postprocess_slat_output takes outputs['gaussian'][0]"
        if self._seed == OOM_ONCE and len(slat) > VOXELS / 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        vertices, faces = ball()
        made = trimesh.Trimesh(vertices * [1.0, 0.6, 1.6] + [0.05, 0.0, 0.02], faces, process=False)  # model space: +Z up, so the object is tall
        return {"mesh": [made], "gaussian": [Gaussian(np.asarray(made.vertices))]}

    def postprocess_slat_output(self, outputs, with_mesh_postprocess, with_texture_baking, use_vertex_color):
        ball = outputs["mesh"][0]
        vertices = np.asarray(ball.vertices) @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
        glb = trimesh.Trimesh(vertices=vertices, faces=ball.faces, process=False)
        if not with_mesh_postprocess and not with_texture_baking and use_vertex_color:
            up = (vertices[:, 1] - vertices[:, 1].min()) / np.ptp(vertices[:, 1])
            glb.visual.vertex_colors = np.stack([up, 1 - up, np.full(len(up), 0.5)], axis=1)
        return {**outputs, "glb": glb, "gs": outputs["gaussian"][0]}


class InferencePipelinePointMap(InferencePipeline):
    def __init__(self, *args, depth_model, layout_post_optimization_method=None, clip_pointmap_beyond_scale=None, **kwargs):
        self.depth_model = self._depth_model = depth_model
        self.layout_post_optimization_method = layout_post_optimization_method
        super().__init__(*args, **kwargs)

    def compute_pointmap(self, image, pointmap=None):
        with torch.autocast(device_type="cuda", dtype=self.dtype):
            output = self.depth_model(torch.Tensor(image[..., :3] / 255))
        assert output.get("intrinsics") is not None
        self._halved = not (self.dtype == self.shape_model_dtype == torch.float32 and not self._half_blocks() and not self._depth_model.model.halved)
        # From OpenCV's camera space to PyTorch3D's. There are no intrinsics, as with MoGe, which returns them itself.
        return {"pointmap": torch.Tensor(output["pointmaps"].numpy() * [-1, -1, 1])}

    def run_post_optimization(self, mesh_glb, intrinsics, pose_dict, layout_input_dict):
        raise AssertionError("not expected to be called")

    def run(
        self, image, mask=None, seed=None, stage1_only=False, with_mesh_postprocess=True, with_texture_baking=True,
        with_layout_postprocess=True, use_vertex_color=False, stage1_inference_steps=None, stage2_inference_steps=None,
        use_stage1_distillation=False, use_stage2_distillation=False, pointmap=None, decode_formats=None, estimate_plane=False,
    ):
        image = self.merge_image_and_mask(image, mask)
        assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 4
        assert set(np.unique(image[..., 3])) <= {0, 255} and (image[..., 3] == 255).any()
        self._seed = seed
        found = self.compute_pointmap(image, pointmap)
        self._misbehave(seed)
        ss = self.sample_sparse_structure(image, inference_steps=stage1_inference_steps, use_distillation=use_stage1_distillation)
        ss.update(translation=torch.Tensor([[1.0, 2.0, 3.0]]), scale=torch.Tensor([[2.0 * ss["downsample_factor"]] * 3]))
        if stage1_inference_steps == 1 and os.environ.get("DOUBLE_WARM_UP") == "fails":
            raise RuntimeError("no kernel image is available for execution on the device")
        slat = self.sample_slat(image, ss["coords"], inference_steps=stage2_inference_steps, use_distillation=use_stage2_distillation)
        outputs = self.decode_slat(slat, decode_formats)
        outputs = self.postprocess_slat_output(outputs, with_mesh_postprocess, with_texture_baking, use_vertex_color)
        glb = outputs.get("glb", None)
        try:
            if with_layout_postprocess and self.layout_post_optimization_method is not None:
                ss.update(self.run_post_optimization(deepcopy(glb), found["intrinsics"], ss, image))
        except Exception as e:
            print(f"Error during layout post optimization: {e}")
        if stage1_inference_steps == 1 and os.environ.get("DOUBLE_WARM_UP") == "empty":
            outputs["glb"] = trimesh.Trimesh()
        if seed == EMPTY or (seed == HALF_EMPTY and self._halved):
            outputs["glb"] = trimesh.Trimesh()
        if seed == NOT_FINITE or (seed == HALF_NOT_FINITE and self._halved):
            glb.vertices[0] = np.nan
        torch.work(f"tokens {self._tokens}")
        return {**ss, **outputs, "pointmap": found["pointmap"], "pointmap_colors": image}

    def _misbehave(self, seed):
        if seed == OOM_ALWAYS:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        if seed == OOM_TEXT:
            raise RuntimeError("/io/build/temp/spconv/src: cuda execution failed with error 2 out of memory")
        if seed == KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        if seed == HANGS:
            time.sleep(3600)
        if seed == NOISY:
            noise = bytes(range(256)) * 64
            sys.stdout.write("noise\n" * 1000)
            sys.stdout.flush()
            os.write(1, noise)
            subprocess.run([sys.executable, "-c", "import os\nos.write(1, b'child')\nfor fd in range(3, 64):\n  try: os.write(fd, b'x' * 99)\n  except OSError: pass"], check=False)
        if seed == BROKEN_GPU:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        if seed == RAISES:
            raise ValueError("mask_distance is\nNaN")
