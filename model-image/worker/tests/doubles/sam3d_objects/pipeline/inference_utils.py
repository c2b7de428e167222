def downsample_sparse_structure(coord_batch, max_coords=42000, downsample_factor=2):
    if coord_batch.shape[0] <= max_coords:
        return coord_batch, 1
    return coord_batch[::4], downsample_factor
