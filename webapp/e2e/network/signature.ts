import type { Signature } from './onnx.ts';

/**
 * The signature of the network that `gen3d weights network` brings, onnx-community/EdgeTAM-ONNX: that of
 * SAM 2.1 in the same form (the class EdgeTamModel extends Sam2Model; names, types and shapes are in
 * packages/transformers/src/models/sam2/modeling_sam2.js of huggingface/transformers.js). Lengths that a
 * call decides have names.
 */
export const embeddings: readonly Signature[] = [
  { name: 'image_embeddings.0', type: 'float32', shape: ['batch_size', 32, 256, 256] },
  { name: 'image_embeddings.1', type: 'float32', shape: ['batch_size', 64, 128, 128] },
  { name: 'image_embeddings.2', type: 'float32', shape: ['batch_size', 256, 64, 64] },
];

export const encoderSignature = {
  inputs: [{ name: 'pixel_values', type: 'float32', shape: ['batch_size', 3, 1024, 1024] }],
  outputs: embeddings,
} as const satisfies { inputs: readonly Signature[]; outputs: readonly Signature[] };

export const decoderSignature = {
  inputs: [
    { name: 'input_points', type: 'float32', shape: ['batch_size', 1, 'num_points', 2] },
    { name: 'input_labels', type: 'int64', shape: ['batch_size', 1, 'num_points'] },
    { name: 'input_boxes', type: 'float32', shape: ['batch_size', 'num_boxes', 4] },
    ...embeddings,
  ],
  outputs: [
    { name: 'iou_scores', type: 'float32', shape: ['batch_size', 'num_boxes_or_points', 3] },
    { name: 'pred_masks', type: 'float32', shape: ['batch_size', 'num_boxes_or_points', 3, 256, 256] },
    { name: 'object_score_logits', type: 'float32', shape: ['batch_size', 'num_boxes_or_points', 1] },
  ],
} as const satisfies { inputs: readonly Signature[]; outputs: readonly Signature[] };

/** The names that the graphs give to the files of their weights. */
export const encoderData = 'vision_encoder.onnx_data';
export const decoderData = 'prompt_encoder_mask_decoder.onnx_data';
