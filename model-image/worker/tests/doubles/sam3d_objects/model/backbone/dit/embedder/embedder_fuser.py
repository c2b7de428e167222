"""Double of dit/embedder/embedder_fuser.py, without a projection, so that positions are added in place."""

from ...module import Module


class EmbedderFuser(Module):
    def __init__(
        self, embedder_list, use_pos_embedding="learned", projection_pre_norm=True, projection_net_hidden_dim_multiplier=4.0,
        compression_projection_multiplier=0, freeze=False, drop_modalities_weight=None, dropout_prob=0.0, force_drop_modalities=None,
    ):
        super().__init__()
        self.embedder_list = [(embedder, list(inputs)) for embedder, inputs in embedder_list]

    def forward(self, *args, **kwargs):
        tokens = []
        for condition_embedder, kwargs_info in self.embedder_list:
            for kwarg_name, _ in kwargs_info:
                token = condition_embedder(kwargs[kwarg_name])
                token.numpy()[...] += 1
                tokens.append(float(token.numpy().sum()))
        return tokens
