"""Double: like the real module, it imports what its backend needs."""

from .. import ATTN

if ATTN == "sdpa":
    from .masked_sdpa import masked_sdpa  # noqa: F401
