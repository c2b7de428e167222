"""Double of the parts of torch that the worker uses. It records gradient modes and memory calls."""

import os
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

__version__ = "2.5.1+double"
version = SimpleNamespace(cuda="12.1")
nn = SimpleNamespace(Module=type("Module", (), {}))
bfloat16 = "bfloat16"
_state = SimpleNamespace(grad=True, inference=False, autocast=None)


def is_grad_enabled():
    return _state.grad


def is_inference_mode_enabled():
    return _state.inference


@contextmanager
def _mode(**values):
    before = vars(_state).copy()
    vars(_state).update(values)
    try:
        yield
    finally:
        vars(_state).update(before)


def no_grad():
    return _mode(grad=False)


def inference_mode():
    return _mode(grad=False, inference=True)


def autocast(device_type, dtype=None):
    return _mode(autocast=(device_type, dtype))


class OutOfMemoryError(RuntimeError):
    pass


class Tensor:
    def __init__(self, values):
        self._values = np.asarray(values, dtype=np.float32)

    def detach(self):
        return self

    def cpu(self):
        return self

    def float(self):
        return self

    def numpy(self):
        return self._values


class _Cuda:
    OutOfMemoryError = OutOfMemoryError

    def __init__(self):
        self.calls = []

    def is_available(self):
        return os.environ.get("DOUBLE_GPU", "48") != "0"

    def get_device_properties(self, _):
        return SimpleNamespace(name="Double L40S", total_memory=int(os.environ.get("DOUBLE_GPU", "48")) * 2**30)

    def synchronize(self):
        self.calls.append("synchronize")

    def empty_cache(self):
        self.calls.append("empty_cache")

    def reset_peak_memory_stats(self):
        self.calls.append("reset_peak_memory_stats")

    def max_memory_allocated(self):
        return 20 * 2**30

    def memory_reserved(self):
        return 24 * 2**30


cuda = _Cuda()
