"""Double of the parts of torch that the worker uses. It records gradient modes and memory calls."""

import os
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

__version__ = "2.5.1+double"
version = SimpleNamespace(cuda="12.1")
bfloat16, float16, float32 = "bfloat16", "float16", "float32"
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


def work(what):
    """Appends a line to the file DOUBLE_WORK, so that tests can count the work."""
    if log := os.environ.get("DOUBLE_WORK"):
        with open(log, "a") as file:
            file.write(what + "\n")


def load(f, map_location=None, pickle_module=None, *, weights_only=None, mmap=None, **pickle_load_args):
    """Reads nothing of the file but its beginning. See torch/serialization.py of 2.5.1."""
    if mmap and not isinstance(f, (str, os.PathLike)):
        raise ValueError("f must be a file path in order to use the mmap argument")
    with open(f, "rb") as file:
        begin = file.read(6)
    if not begin:
        raise EOFError("Ran out of input")
    if begin == b"legacy" and mmap:
        raise RuntimeError(
            "mmap can only be used with files saved with `torch.save(f, _use_new_zipfile_serialization=True), please torch.save your "
            "checkpoint with this option in order to use mmap."
        )
    work(f"load {os.path.basename(f)}" + (" mapped" if mmap else ""))
    return {"state_dict": {}, "model": {}, "model_config": {}}


def _initialize(tensor, *args, **kwargs):
    work("initialize")
    return tensor


#: init has the functions of torch/nn/init.py that fill tensors.
nn = SimpleNamespace(Module=type("Module", (), {}), init=SimpleNamespace(
    _no_grad_uniform_=_initialize, _no_grad_normal_=_initialize, _no_grad_trunc_normal_=_initialize, kaiming_uniform_=_initialize,
    kaiming_normal_=_initialize,
))


def equal(a, b):
    if not isinstance(a, Tensor) or not isinstance(b, Tensor):
        raise TypeError("equal(): argument 'input' (position 1) must be Tensor")
    return np.array_equal(a.numpy(), b.numpy())


class Tensor:
    def __init__(self, values):
        self._values = np.asarray(values, dtype=np.float32)
        self.shape = self._values.shape

    def __len__(self):
        return len(self._values)

    def __getitem__(self, at):
        return Tensor(self._values[at])

    def clone(self):
        return Tensor(self._values.copy())

    def new_tensor(self, values):
        return Tensor(values)

    def __add__(self, other):
        return Tensor(self._values + other._values)

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
