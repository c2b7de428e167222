"""The Python part of the model server: SAM 2.1 segments the object, SAM 3D Objects reconstructs it.

The Go server (model-image/server/sam3d) runs it as `python -m worker`, and beside it
`python -m worker.exporter`, which writes the files, and communicates over two pipes with each;
`protocol` documents the messages. Large packages are imported only in `environment`,
`segment` and `reconstruct`, and only when `setup` runs: the other modules work without a GPU.
"""
