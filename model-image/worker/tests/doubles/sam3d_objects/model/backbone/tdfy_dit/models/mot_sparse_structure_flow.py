"""Double of the transformer: it returns the condition tokens that it would attend to."""


class SparseStructureFlowTdfyWrapper:
    def __init__(self):
        self.condition_embedder = lambda x: x  # without one in the configuration
        self.force_zeros_cond = True

    def forward(self, latents_dict, t, *condition_args, **condition_kwargs):
        cfg_activate = condition_kwargs.pop("cfg", False)
        cond = self.condition_embedder(*condition_args, **condition_kwargs)
        return cond * 0 if self.force_zeros_cond and cfg_activate else cond

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)
