import { Graph, type Model } from './onnx.ts';
import { decoderData, decoderSignature, encoderData, encoderSignature } from './signature.ts';
import { finish } from './small.ts';

// A network with random weights, with the operations of EdgeTAM in their sizes, so that loading, memory
// and time are those of the real one: RepViT-M1 and a feature pyramid
// (sam2/configs/edgetam.yaml of facebookresearch/EdgeTAM, repvit.py of timm), and SAM 2's prompt encoder and
// mask decoder (sam2/modeling/sam of facebookresearch/sam2).

/** Layers of a network, with weights from a generator that always gives the same. */
class Layers extends Graph {
  #state = 1;

  /** Values around 0 that keep the size of what they are multiplied with. */
  weights(shape: readonly number[], inputs: number): string {
    const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
    const scale = Math.sqrt(3 / inputs) / 2 ** 31;
    for (let i = 0; i < values.length; i += 1) {
      // Linear congruential generator, with the constants of Numerical Recipes.
      this.#state = (Math.imul(this.#state, 1664525) + 1013904223) | 0;
      values[i] = this.#state * scale;
    }
    return this.constant(values, shape);
  }

  conv(input: string, from: number, to: number, kernel: number, stride = 1, group = 1): string {
    const pad = (kernel - 1) >> 1;
    const fan = (from / group) * kernel * kernel;
    const weights = this.weights([to, from / group, kernel, kernel], fan);
    return this.op('Conv', [input, weights, this.weights([to], 100)], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      group,
    });
  }

  /** Doubles the sides. */
  widen(input: string, from: number, to: number): string {
    const weights = this.weights([from, to, 2, 2], from);
    return this.op('ConvTranspose', [input, weights, this.weights([to], 100)], {
      kernel_shape: [2, 2],
      strides: [2, 2],
    });
  }

  linear(input: string, from: number, to: number): string {
    return this.op('Add', [
      this.op('MatMul', [input, this.weights([from, to], from)]),
      this.weights([to], 100),
    ]);
  }

  norm(input: string, size: number): string {
    const ones = this.constant(new Float32Array(size).fill(1), [size]);
    return this.op('LayerNormalization', [input, ones, this.weights([size], 100)], { axis: -1 });
  }

  add(one: string, other: string): string {
    return this.op('Add', [one, other]);
  }

  /** As PyTorch exports it: with the error function. */
  gelu(input: string): string {
    const scalar = (value: number): string => this.constant([value], []);
    const error = this.op('Erf', [this.op('Mul', [input, scalar(Math.SQRT1_2)])]);
    const half = this.op('Mul', [input, scalar(0.5)]);
    return this.op('Mul', [half, this.op('Add', [error, scalar(1)])]);
  }

  mlp(input: string, sizes: readonly number[]): string {
    return sizes.slice(1).reduce((value, to, i) => {
      const next = this.linear(value, sizes[i] as number, to);
      return i + 2 < sizes.length ? this.op('Relu', [next]) : next;
    }, input);
  }

  /** Attention of 8 heads between [1, tokens, 256] tensors, over half as many channels. */
  attention(query: string, key: string, value: string, inner: number): string {
    const heads = (tensor: string): string =>
      this.op(
        'Transpose',
        [this.op('Reshape', [this.linear(tensor, 256, inner), this.integers([0, 0, 8, inner / 8])])],
        { perm: [0, 2, 1, 3] },
      );
    const [q, k, v] = [heads(query), heads(key), heads(value)];
    const turned = this.op('Transpose', [k], { perm: [0, 1, 3, 2] });
    const scale = this.constant([1 / Math.sqrt(inner / 8)], []);
    const share = this.op('Softmax', [this.op('Mul', [this.op('MatMul', [q, turned]), scale])], { axis: -1 });
    const mixed = this.op('Transpose', [this.op('MatMul', [share, v])], { perm: [0, 2, 1, 3] });
    return this.linear(this.op('Reshape', [mixed, this.integers([0, 0, inner])]), inner, 256);
  }
}

/** A block of RepViT: mixes a pixel with its neighbors, then its channels. */
function block(layers: Layers, input: string, size: number, weighsChannels: boolean): string {
  let x = layers.conv(input, size, size, 3, 1, size);
  if (weighsChannels) {
    const mean = layers.op('GlobalAveragePool', [x]);
    const small = layers.op('Relu', [layers.conv(mean, size, size / 4, 1)]);
    x = layers.op('Mul', [x, layers.op('Sigmoid', [layers.conv(small, size / 4, size, 1)])]);
  }
  return mixChannels(layers, x, size);
}

function mixChannels(layers: Layers, x: string, size: number): string {
  return layers.add(x, layers.conv(layers.gelu(layers.conv(x, size, size * 2, 1)), size * 2, size, 1));
}

export function realEncoder(): Model {
  const layers = new Layers(encoderData);
  let x = layers.conv('pixel_values', 3, 24, 3, 2);
  x = layers.conv(layers.gelu(x), 24, 48, 3, 2);
  const sizes = [48, 96, 192, 384];
  const depths = [2, 2, 14, 2];
  const features = sizes.map((size, stage) => {
    const before = sizes[stage - 1];
    if (before !== undefined) {
      x = block(layers, x, before, false);
      x = layers.conv(x, before, before, 3, 2, before);
      x = mixChannels(layers, layers.conv(x, before, size, 1), size);
    }
    for (let i = 0; i < (depths[stage] as number); i += 1) x = block(layers, x, size, i % 2 === 0);
    return layers.conv(x, size, 256, 1);
  });
  const [wide, middle, small, least] = features as [string, string, string, string];
  const doubled = layers.op('Resize', [least, '', layers.constant([1, 1, 2, 2], [4])]);
  layers.output('image_embeddings.0', layers.conv(wide, 256, 32, 1));
  layers.output('image_embeddings.1', layers.conv(middle, 256, 64, 1));
  layers.output('image_embeddings.2', layers.add(small, doubled));
  return layers.model(encoderSignature.inputs, encoderSignature.outputs);
}

/**
 * SAM 2's decoder, whose masks are added to those of the small stand-in so faintly that what is shown
 * is the same.
 */
export function realDecoder(): Model {
  const layers = new Layers(decoderData);
  const square = layers.weights([1, 256, 64, 64], 1); // the positions of the picture's places
  const flat = (tensor: string): string =>
    layers.op('Transpose', [layers.op('Reshape', [tensor, layers.integers([1, 256, 4096])])], {
      perm: [0, 2, 1],
    });
  const positions = flat(square);
  const dense = layers.weights([1, 256, 1, 1], 1);
  let keys = flat(layers.add('image_embeddings.2', dense));

  // Six output tokens, and a token for each point and each corner of the box.
  const placed = (tensor: string, shape: readonly number[]): string =>
    layers.linear(layers.op('Reshape', [tensor, layers.integers(shape)]), 2, 256);
  const labels = layers.op('Unsqueeze', [
    layers.op('Squeeze', [layers.op('Cast', ['input_labels'], { to: 1 }), layers.integers([1])]),
    layers.integers([2]),
  ]);
  const points = layers.add(
    layers.linear(
      layers.op('Mul', [
        layers.op('Squeeze', ['input_points', layers.integers([1])]),
        layers.constant([1 / 1024], []),
      ]),
      2,
      256,
    ),
    labels,
  );
  const corners = placed(layers.op('Mul', ['input_boxes', layers.constant([1 / 1024], [])]), [1, -1, 2]);
  const tokens = layers.op('Concat', [layers.weights([1, 6, 256], 1), points, corners], { axis: 1 });

  let queries = tokens;
  for (let layer = 0; layer < 2; layer += 1) {
    const self = layer === 0 ? queries : layers.add(queries, tokens);
    const own = layers.attention(self, self, queries, 256);
    queries = layers.norm(layer === 0 ? own : layers.add(queries, own), 256);
    const placedKeys = layers.add(keys, positions);
    const seen = layers.attention(layers.add(queries, tokens), placedKeys, keys, 128);
    queries = layers.norm(layers.add(queries, seen), 256);
    queries = layers.norm(layers.add(queries, layers.mlp(queries, [256, 2048, 256])), 256);
    const back = layers.attention(placedKeys, layers.add(queries, tokens), queries, 128);
    keys = layers.norm(layers.add(keys, back), 256);
  }
  const last = layers.attention(layers.add(queries, tokens), layers.add(keys, positions), keys, 128);
  queries = layers.norm(layers.add(queries, last), 256);

  const picture = layers.op('Reshape', [
    layers.op('Transpose', [keys], { perm: [0, 2, 1] }),
    layers.integers([1, 256, 64, 64]),
  ]);
  let up = layers.add(layers.widen(picture, 256, 64), 'image_embeddings.1');
  up = layers.op('Transpose', [up], { perm: [0, 2, 3, 1] });
  up = layers.gelu(layers.op('Transpose', [layers.norm(up, 64)], { perm: [0, 3, 1, 2] }));
  up = layers.gelu(layers.add(layers.widen(up, 64, 32), 'image_embeddings.0'));
  const pixels = layers.op('Reshape', [up, layers.integers([1, 32, 65536])]);
  const token = (index: number): string =>
    layers.op('Gather', [queries, layers.integers([index])], { axis: 1 });
  const masks = [2, 3, 4, 5].map((index) => layers.mlp(token(index), [256, 256, 256, 32]));
  const drawn = layers.op('MatMul', [layers.op('Concat', masks, { axis: 1 }), pixels]);
  const three = layers.op('Slice', [drawn, layers.integers([1]), layers.integers([4]), layers.integers([1])]);
  const faint = layers.op('Mul', [
    layers.op('Reshape', [three, layers.integers([1, 1, 3, 256, 256])]),
    layers.constant([1e-4], []),
  ]);
  const scores = layers.mlp(token(1), [256, 256, 256, 4]);
  const objectness = layers.mlp(token(0), [256, 256, 256, 1]);
  const heads = layers.op('Mul', [
    layers.op('ReduceSum', [layers.op('Concat', [scores, objectness], { axis: 2 })], { keepdims: 0 }),
    layers.constant([1e-4], []),
  ]);
  finish(layers, layers.add(faint, heads));
  return layers.model(decoderSignature.inputs, decoderSignature.outputs);
}
