"""Compares the attention, the guidance and the kept context of the worker with those of the source that they replace.

    python compare.py          (with hooks/ on the path; `run` calls it)

It prints the largest difference of the outputs for each case, on random tensors on the CPU, beside the largest output
and the type's resolution there, and fails if a difference is larger than the rounding that both have.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.update(LIDRA_SKIP_INIT="true", ATTN_BACKEND="sdpa", SPARSE_ATTN_BACKEND="sdpa")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from sam3d_objects.model.backbone.generator import classifier_free_guidance as cfg
from sam3d_objects.model.backbone.tdfy_dit.models import mm_latent
from sam3d_objects.model.backbone.tdfy_dit.models.mot_sparse_structure_flow import SparseStructureFlowTdfyWrapper
from sam3d_objects.model.backbone.tdfy_dit.models.structured_latent_flow import SLatFlowModelTdfyWrapper
from sam3d_objects.model.backbone.tdfy_dit.modules import sparse
from sam3d_objects.model.backbone.tdfy_dit.modules.sparse.attention import full_attn, windowed_attn
from shell import shell

from worker import attention, context, guidance

SOURCE = full_attn.masked_sdpa
TYPES = (torch.float32, torch.bfloat16, torch.float16)
Run = Callable[[], Any]


class Report:
    """Prints a line for each comparison."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        print("| what | type | shape | largest difference | largest output | resolution there |\n|---|---|---|--:|--:|--:|", flush=True)

    def add(self, what: str, before: Any, after: Any, resolutions: int = 32) -> None:
        assert before.shape == after.shape and before.dtype == after.dtype, f"{what}: {before.shape} {before.dtype}, {after.shape} {after.dtype}"
        assert torch.isfinite(before).all() and torch.isfinite(after).all(), what
        difference = (before.double() - after.double()).abs().max().item() if before.numel() else 0.0
        largest = before.abs().max().item() if before.numel() else 0.0
        resolution = torch.finfo(before.dtype).eps * largest
        # Sums in another order differ by some resolutions of float32. In half precision, too, they are in float32, and
        # their result is rounded once.
        if difference > (resolutions if before.dtype == torch.float32 else 2) * resolution:
            self.failed.append(what)
        kind = str(before.dtype).removeprefix("torch.")
        print(f"| {what} | {kind} | {list(before.shape)} | {difference:.1e} | {largest:.2g} | {resolution:.1e} |", flush=True)


def both(run: Run) -> tuple[Any, Any]:
    """Returns the result with the source's function, and with the worker's."""
    callers = (full_attn, windowed_attn)
    for module in callers:
        module.masked_sdpa = SOURCE
    before = run()
    attention.install(torch)
    assert all(isinstance(module.masked_sdpa, attention.BlockAttention) for module in callers)
    return before, run()


def voxels(*counts: int) -> Any:
    """Returns int32 [T, 4]: the batch entry and coordinates of so many voxels of each batch entry."""
    return torch.cat([torch.from_numpy(np.insert(shell(n), 0, i, axis=1)) for i, n in enumerate(counts)])


def tensor(coords: Any, *shape: int, dtype: Any) -> Any:
    return sparse.SparseTensor(feats=torch.randn(len(coords), *shape).to(dtype), coords=coords)


def compare_attention(report: Report) -> None:
    full, windowed = full_attn.sparse_scaled_dot_product_attention, windowed_attn.sparse_windowed_scaled_dot_product_self_attention
    for dtype in TYPES:
        for counts in ((1,), (700,), (3000,), (300, 1, 0, 517), (64, 64)):
            coords = voxels(*counts)
            qkv = tensor(coords, 3, 4, 32, dtype=dtype)
            report.add(f"self-attention, sequences of {counts}", *both(lambda qkv=qkv: full(qkv).feats))
            q, kv = tensor(coords, 4, 32, dtype=dtype), torch.randn(len(counts), 137, 2, 4, 32).to(dtype)
            report.add(f"cross-attention with 137 tokens, sequences of {counts}", *both(lambda q=q, kv=kv: full(q, kv).feats))
            dense, sparse_kv = torch.randn(len(counts), 19, 4, 32).to(dtype), tensor(coords, 2, 4, 32, dtype=dtype)
            report.add(f"19 dense queries, sequences of {counts}", *both(lambda q=dense, kv=sparse_kv: full(q, kv)))
            k, v = tensor(coords, 4, 32, dtype=dtype), tensor(coords, 4, 48, dtype=dtype)
            report.add(f"values wider than keys, sequences of {counts}", *both(lambda q=q, k=k, v=v: full(q, k, v).feats))
        for counts in ((1,), (8,), (700,), (5000,), (900, 1, 1500)):
            for shift in (0, 4, (1, 2, 3)):
                qkv = tensor(voxels(*counts), 3, 4, 32, dtype=dtype)
                report.add(f"windows of side 8, shift {shift}, voxels {counts}", *both(lambda qkv=qkv, shift=shift: windowed(qkv, 8, shift).feats))
        # Windows without voxels between two that have some, and one window of 8³ that is full.
        corners = torch.tensor([[0, 0, 0, 0], [0, 63, 63, 63], [0, 63, 63, 62]]).int()
        cube = torch.cat([torch.zeros(512, 1), torch.cartesian_prod(*[torch.arange(8)] * 3)], 1).int()
        for what, coords in (("two far corners", corners), ("a full window", cube)):
            qkv = tensor(coords, 3, 4, 32, dtype=dtype)
            report.add(f"windows of side 8, {what}", *both(lambda qkv=qkv: windowed(qkv, 8, 0).feats))


def randomized(module: Any) -> Any:
    """Fills all parameters, also those that the source initializes with zeros or ones, such as biases."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.1 + (1 if parameter.dim() < 2 and parameter.eq(1).all() else 0))
    return module.eval()


class Pipeline:
    """What guidance.shorten reads of the pipeline."""

    def __init__(self, **transformers: Any) -> None:
        self.models = {
            name: SimpleNamespace(reverse_fn=cfg.ClassifierFreeGuidance(t, strength=2.0, unconditional_handling="add_flag", interval=[0, 500]).eval())
            for name, t in transformers.items()
        }


def compare_equal_keys(report: Report) -> None:
    """With one key the result is the value itself. The source adds up thousands of them, each divided by their number."""
    for dtype in TYPES:
        q, k, v = (torch.randn(1, n, 4, 16).to(dtype) for n in (512, 1, 1))
        attend = attention.BlockAttention(torch)
        one = attend(q, k, v, [512], [1])
        assert torch.equal(one, v[0].expand(512, -1, -1))
        many = SOURCE(q, *(t.expand(-1, 5496, -1, -1) for t in (k, v)), [512], [5496])
        report.add("5,496 equal keys, and one", many, one, 2048)


def compare_guidance(report: Report) -> None:
    width, tokens = 64, torch.randn(1, 5496, 48)
    common = {"cond_channels": 48, "in_channels": 8, "out_channels": 8, "model_channels": width, "num_blocks": 3, "num_heads": 4, "force_zeros_cond": True}
    shape = mm_latent.Latent(8, width, mm_latent.ShapePositionEmbedder(width, 8, 1))
    scale = mm_latent.Latent(3, width, mm_latent.LearntPositionEmbedder(width, 1))
    coords = voxels(900).numpy()
    latents = {"shape": torch.randn(1, 512, 8), "scale": torch.randn(1, 1, 3)}
    feats, t = torch.randn(1, 900, 8), torch.tensor([250.0])
    for norm in (False, True):  # of the first stage's keys; the source cannot normalize those of the second
        pipeline = Pipeline(
            ss_generator=randomized(SparseStructureFlowTdfyWrapper(
                {"shape": shape, "scale": scale}, {}, **common, qk_rms_norm=True, qk_rms_norm_cross=norm, is_shortcut_model=True,
            )),
            slat_generator=randomized(SLatFlowModelTdfyWrapper(
                resolution=64, io_block_channels=[32], **common, qk_rms_norm=True,
            )),
        )
        ss, slat = (pipeline.models[name].reverse_fn for name in guidance.GENERATORS)
        # The premise: the keys and values of tokens that are zero are equal, to the last bit.
        seen: list[Any] = []
        hooks = [
            module.register_forward_hook(lambda _, inputs, output, seen=seen: seen.append((inputs[0], output)))
            for model in (ss.backbone, slat.backbone) for name, module in model.named_modules() if name.endswith(("to_kv", "cross_attn.k_rms_norm"))
        ]

        def evaluate(ss: Any = ss, slat: Any = slat) -> dict[str, Any]:
            with torch.no_grad():
                d = torch.zeros(1)
                out = {f"structure generator, unconditional pass, {k}": v for k, v in ss.backbone(latents, t, tokens, d=d, cfg=True).items()}
                out |= {f"structure generator, guided step, {k}": v for k, v in ss(latents, t, tokens, d=d).items()}
                out["latent generator, unconditional pass"] = slat.backbone(feats, t, tokens, coords, cfg=True)
                out["latent generator, guided step"] = slat(feats, t, tokens, coords)
                out["latent generator, conditional pass"] = slat.backbone(feats, t, tokens, coords)
            return out

        before = evaluate()
        unconditional = [(given, made) for given, made in seen if not given.any()]
        assert len(unconditional) >= 3 * 3 * 2 and all((made == made[:, :1]).all() for _, made in unconditional)
        assert all(given.shape[1] == tokens.shape[1] for given, _ in unconditional)
        seen.clear()
        guidance.shorten(torch, pipeline)
        after = evaluate()
        unconditional = [given for given, _ in seen if not given.any()]
        assert unconditional and all(given.shape[1] == 1 for given in unconditional)
        for hook in hooks:
            hook.remove()
        compare_kept(pipeline, evaluate)
        for what, value in before.items():
            if not (norm and what.startswith("latent")):
                report.add(f"{what}{', keys normalized' if norm else ''}", value, after[what], 512)  # through three blocks


def compare_kept(pipeline: Any, evaluate: Any) -> None:
    """With the projections of the condition tokens kept, the outputs are the same to the last bit, and each is computed once."""
    before = evaluate()
    projections = [
        module for name in guidance.GENERATORS
        for key, module in pipeline.models[name].reverse_fn.backbone.named_modules() if key.endswith("to_kv")
    ]
    computed: list[int] = []
    for module in projections:
        def project(tokens: Any, forward: Any = module.forward) -> Any:
            computed.append(tokens.shape[1])
            return forward(tokens)

        module.forward = project
    for generator in pipeline.models.values():
        generator.forward = None  # not called here; it would release what is kept
    context.keep(torch, pipeline)
    for _ in range(2):
        after = evaluate()
        assert after.keys() == before.keys() and all(torch.equal(value, after[what]) for what, value in before.items())
    assert sum(count > 1 for count in computed) == len(projections), computed


def main() -> None:
    torch.manual_seed(0)
    report = Report()
    compare_attention(report)
    compare_equal_keys(report)
    attention.install(torch)
    compare_guidance(report)
    if report.failed:
        sys.exit("These differ by more than rounding: " + "; ".join(report.failed))
    print("The worker's attention, guidance and context equal the source's, but for rounding.")


if __name__ == "__main__":
    main()
