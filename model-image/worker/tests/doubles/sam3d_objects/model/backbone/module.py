"""Double of torch.nn.Module: calls forward, which may be an attribute of the instance."""

from types import SimpleNamespace

import torch


class Module:
    def __init__(self, **modules):
        self._modules = modules
        self.requires_grad = False  # frozen, as after load_model_from_checkpoint

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)

    def __getitem__(self, name):
        return self._modules[name]

    def modules(self):
        yield self
        for module in self._modules.values():
            if module is not None:
                yield from module.modules()

    def requires_grad_(self, requires_grad=True):
        self.requires_grad = requires_grad
        return self


class Projection(Module):
    """A linear layer, which counts its calls."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, tokens):
        self.calls += 1
        return tokens * 2


class CrossAttention(Module):
    def __init__(self):
        super().__init__()
        self.to_kv = Projection()

    def forward(self, context):
        return self.to_kv(context)


class Block(Module):
    """A block of a transformer, with one cross-attention or one for each kind of latents."""

    def __init__(self, cross_attn):
        super().__init__()
        self.cross_attn = cross_attn


class Generator(Module):
    """A generator, with classifier-free guidance around its transformer."""

    def forward(self, latents, *args_conditionals, **kwargs_conditionals):
        """Evaluates the transformer as a guided step does, with the condition and without."""
        transformer = self.reverse_fn.backbone
        for t in (0.5,) * self.inference_steps:
            made = transformer(latents, t, *args_conditionals, **kwargs_conditionals)
            transformer(latents, t, *args_conditionals, **kwargs_conditionals, cfg=True)
        return made

    def __init__(self, name, inference_steps, transformer):
        super().__init__()
        self.name = name
        self.inference_steps = inference_steps
        self.reverse_fn = SimpleNamespace(backbone=transformer, unconditional_handling="add_flag")


class Decoder(Module):
    """A model of tdfy_dit with use_fp16: its blocks are in float16."""

    def __init__(self):
        super().__init__()
        self.resolution = 64
        self.dtype = torch.float16
        self.blocks = torch.float16

    def convert_to_fp16(self):
        self.blocks = torch.float16

    def convert_to_fp32(self):
        self.blocks = torch.float32
