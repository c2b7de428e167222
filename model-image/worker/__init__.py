"""The Python part of the model server: SAM 2.1 segments the object, SAM 3D Objects reconstructs it.

The Go server (model-image/server/sam3d) runs it as `python -m worker` and communicates over two
pipes; `protocol` documents the messages. Large packages are imported only in `environment`,
`segment` and `reconstruct`, and only when `setup` runs: the other modules work without a GPU.
"""
