"""Double: like the real module, it selects its attention on import."""

import os

ATTN = os.environ.get("SPARSE_ATTN_BACKEND") or os.environ.get("ATTN_BACKEND", "sdpa")
