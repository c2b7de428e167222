"""Checks the keys of pipeline.yaml against the code that they configure.

Weights that are newer than the code can have keys that it does not know. hydra would report the
first one, after minutes: it creates inner parts, such as the depth model with its weights, first.
"""

from __future__ import annotations

import inspect
from typing import Any

from . import environment
from .failure import WorkerFailure


def check(config: Any) -> None:
    """Raises a failure that names all keys that the configured classes and functions do not accept.

    Only nodes without _args_ are checked: those supply parameters by position.
    """
    hydra: Any = environment.load("hydra.utils")
    unknown = []
    for path, node in _nodes(config, ""):
        target = node.get("_target_")
        if target is None or "_args_" in node:
            continue
        accepted = parameters(hydra.get_method(str(target)))
        if accepted is not None:
            unknown += [f"{path}{key}" for key in node if not str(key).startswith("_") and str(key) not in accepted]
    if unknown:
        raise WorkerFailure(
            "bad_config",
            f"pipeline.yaml sets {', '.join(unknown)}, which the code of the model does not know; push the weights of the commit in "
            "internal/weights/sources.json, or use an image whose code knows them.",
        )


def parameters(called: Any) -> set[str] | None:
    """Returns the names of the parameters that can be given by name; None for any name.

    A class whose __init__ takes **kwargs passes them on to the class that it inherits from, like
    InferencePipelinePointMap.
    """
    functions = [called]
    if inspect.isclass(called):
        functions = [vars(cls)["__init__"] for cls in called.__mro__ if cls is not object and "__init__" in vars(cls)]
    names: set[str] = set()
    for function in functions:
        try:
            found = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):  # compiled, without a signature
            return None
        names |= {p.name for p in found if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
        if not any(p.kind == p.VAR_KEYWORD for p in found):
            return names - {"self"}
    return None


def _nodes(node: Any, path: str) -> list[tuple[str, Any]]:
    """Returns all mappings in the configuration, with the prefix of their keys."""
    omegaconf: Any = environment.load("omegaconf")
    if isinstance(node, omegaconf.DictConfig):
        inner = [(str(key), value) for key, value in node.items_ex(resolve=False)]
        return [(path, node), *(found for key, value in inner for found in _nodes(value, f"{path}{key}."))]
    if isinstance(node, omegaconf.ListConfig):
        return [found for i, value in enumerate(node._iter_ex(resolve=False)) for found in _nodes(value, f"{path}{i}.")]
    return []
