import type { Signature } from './onnx.ts';

/**
 * The signatures of the two files that `gen3d weights network` brings, as Optimum exports SAM
 * (SamOnnxConfig in optimum/exporters/onnx/model_configs.py; transformers.js gives the shapes in
 * packages/transformers/src/models/sam/modeling_sam.js), with `input_boxes` as in the revision
 * points-and-boxes. Lengths that the published files leave open have names.
 */
const embedding = (name: string): Signature => ({
  name,
  type: 'float32',
  shape: ['batch_size', 256, 64, 64],
});

const embeddings: readonly Signature[] = [
  embedding('image_embeddings'),
  embedding('image_positional_embeddings'),
];

export const encoderSignature = {
  inputs: [{ name: 'pixel_values', type: 'float32', shape: ['batch_size', 3, 1024, 1024] }],
  outputs: embeddings,
} as const satisfies { inputs: readonly Signature[]; outputs: readonly Signature[] };

export const decoderSignature = {
  inputs: [
    {
      name: 'input_points',
      type: 'float32',
      shape: ['batch_size', 'point_batch_size', 'nb_points_per_image', 2],
    },
    { name: 'input_labels', type: 'int64', shape: ['batch_size', 'point_batch_size', 'nb_points_per_image'] },
    { name: 'input_boxes', type: 'float32', shape: ['batch_size', 'nb_boxes', 4] },
    ...embeddings,
  ],
  outputs: [
    { name: 'iou_scores', type: 'float32', shape: ['batch_size', 'point_batch_size', 3] },
    { name: 'pred_masks', type: 'float32', shape: ['batch_size', 'point_batch_size', 3, 256, 256] },
  ],
} as const satisfies { inputs: readonly Signature[]; outputs: readonly Signature[] };
