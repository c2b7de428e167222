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


class Generator(Module):
    """A generator, with classifier-free guidance around its transformer."""

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
