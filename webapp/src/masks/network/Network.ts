import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import type { Size } from '../../boxes/geometry.ts';
import type { Prompt } from '../Finder.ts';
import type { Mask } from '../Mask.ts';
import { Frame, side } from './frame.ts';
import { maskOfLogits, maskSide } from './maskOfLogits.ts';

/** What of ONNX Runtime makes sessions and tensors. */
export interface Runtime {
  readonly Tensor: TensorConstructor;
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
}

/** The embeddings of one photo. */
export interface Encoded {
  readonly size: Size;
  readonly embeddings: Readonly<Record<string, Tensor>>;
}

type Type = Tensor.Type;

/** A tensor of a signature; null stands for a length that a call decides. */
type Shapes = Readonly<Record<string, readonly [Type, ...(number | null)[]]>>;

const embeddings: Shapes = {
  'image_embeddings.0': ['float32', null, 32, 256, 256],
  'image_embeddings.1': ['float32', null, 64, 128, 128],
  'image_embeddings.2': ['float32', null, 256, 64, 64],
};

/**
 * The signature of SAM 2.1 and EdgeTAM as onnx-community publishes them: names, types and shapes are in
 * packages/transformers/src/models/sam2/modeling_sam2.js of huggingface/transformers.js. Labels are 1
 * inside and 0 outside the object; no points are [1, 1, 0, 2]. The stand-ins of the tests have the same
 * signature: e2e/network/signature.ts.
 */
const signature = {
  encoder: { inputs: { pixel_values: ['float32', null, 3, side, side] }, outputs: embeddings },
  decoder: {
    inputs: {
      input_points: ['float32', null, null, null, 2],
      input_labels: ['int64', null, null, null],
      input_boxes: ['float32', null, null, 4],
      ...embeddings,
    },
    outputs: {
      iou_scores: ['float32', null, null, 3],
      pred_masks: ['float32', null, null, 3, maskSide, maskSide],
    },
  },
} as const satisfies Record<string, { inputs: Shapes; outputs: Shapes }>;

/** The bytes of a model. */
export interface ModelBytes {
  readonly graph: Uint8Array;
  readonly data: Uint8Array;
  /** The name by which the graph knows the data. */
  readonly dataName: string;
}

/** An encoder and decoder of the family of SAM 2, ready to run. */
export class Network {
  private constructor(
    private readonly runtime: Runtime,
    private readonly encoder: InferenceSession,
    private readonly decoder: InferenceSession,
  ) {}

  /** Reads the two models. Fails if they are damaged, or are those of another network. */
  static async open(
    runtime: Runtime,
    models: { readonly encoder: ModelBytes; readonly decoder: ModelBytes },
    provider: 'webgpu' | 'wasm',
  ): Promise<Network> {
    const read = ({ graph, data, dataName }: ModelBytes): Promise<InferenceSession> =>
      runtime.InferenceSession.create(graph, {
        executionProviders: [provider],
        externalData: [{ path: dataName, data }],
        logSeverityLevel: 3,
      });
    const encoder = await read(models.encoder);
    const decoder = await read(models.decoder);
    check('encoder', encoder.inputMetadata, signature.encoder.inputs, true);
    check('encoder', encoder.outputMetadata, signature.encoder.outputs, false);
    check('decoder', decoder.inputMetadata, signature.decoder.inputs, true);
    check('decoder', decoder.outputMetadata, signature.decoder.outputs, false);
    return new Network(runtime, encoder, decoder);
  }

  /** Encodes a photo of this size, given the planes of {@link planes}. */
  async encode(planes: Float32Array, size: Size): Promise<Encoded> {
    const pixels = new this.runtime.Tensor('float32', planes, [1, 3, side, side]);
    const found = await this.encoder.run({ pixel_values: pixels });
    return { size, embeddings: found as Record<string, Tensor> };
  }

  /**
   * Resolves to the mask of which the network is surest; null if it is empty. The prompt has a box, and
   * may have points.
   */
  async decode({ size, embeddings }: Encoded, { box, points }: Prompt): Promise<Mask | null> {
    const { Tensor } = this.runtime;
    const frame = new Frame(size);
    const labels = BigInt64Array.from(points, ({ isInside }) => (isInside ? 1n : 0n));
    const { iou_scores: scores, pred_masks: masks } = await this.decoder.run({
      ...embeddings,
      input_points: new Tensor('float32', frame.points(points), [1, 1, points.length, 2]),
      input_labels: new Tensor('int64', labels, [1, 1, points.length]),
      input_boxes: new Tensor('float32', frame.box(box), [1, 1, 4]),
    });
    const sure = Array.from(scores?.data as Float32Array);
    const best = sure.indexOf(Math.max(...sure));
    const area = maskSide * maskSide;
    const logits = masks?.data as Float32Array;
    return maskOfLogits(logits.subarray(best * area, (best + 1) * area), size);
  }
}

/** Fails if a session's tensors are not those of the signature; outputs may have more. */
function check(
  file: string,
  found: readonly InferenceSession.ValueMetadata[],
  wanted: Shapes,
  exactly: boolean,
): void {
  if (exactly && found.length !== Object.keys(wanted).length)
    throw new Error(`the ${file} has ${found.length} inputs`);
  for (const [name, [type, ...shape]] of Object.entries(wanted)) {
    const value = found.find((other) => other.name === name);
    if (!value?.isTensor) throw new Error(`the ${file} has no ${name}`);
    const fits =
      value.type === type &&
      value.shape.length === shape.length &&
      value.shape.every(
        (length, i) => typeof length !== 'number' || length < 0 || (shape[i] ?? length) === length,
      );
    if (!fits) throw new Error(`${name} of the ${file} is ${value.type}[${value.shape.join(', ')}]`);
  }
}
