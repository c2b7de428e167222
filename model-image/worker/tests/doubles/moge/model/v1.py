"""Double of moge/model/v1.py."""

import os


class MoGeModel:
    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, model_kwargs=None, **hf_kwargs):
        if not os.path.isfile(pretrained_model_name_or_path):
            raise RuntimeError("the double does not contact hubs")
        model = cls()
        model.path = str(pretrained_model_name_or_path)
        return model
