import { Graph, type Model } from './onnx.ts';
import { decoderData, decoderSignature, embeddings, encoderData, encoderSignature } from './signature.ts';

/** How far from a point inside or outside the mask is set, in pixels of the network's picture. */
export const reach = 60;
/** The share of the box's sides that the mask leaves free on each side. */
export const margin = 0.15;

const cell = 4; // pixels of the network's picture (1024 × 1024) in a pixel of a mask (256 × 256)
const centers = Float32Array.from({ length: 256 }, (_, i) => (i + 0.5) * cell - 0.5);

/** An encoder of a few kilobytes, whose embeddings depend on the picture. */
export function smallEncoder(): Model {
  const graph = new Graph(encoderData);
  for (const { name, shape } of embeddings) {
    const [, channels, height] = shape as readonly number[];
    const size = 1024 / (height as number);
    const pooled = graph.op('AveragePool', ['pixel_values'], {
      kernel_shape: [size, size],
      strides: [size, size],
    });
    const weights = Float32Array.from({ length: (channels as number) * 3 }, (_, i) => Math.sin(i));
    graph.output(name, graph.op('Conv', [pooled, graph.constant(weights, [channels as number, 3, 1, 1])]));
  }
  return graph.model(encoderSignature.inputs, encoderSignature.outputs);
}

/**
 * A decoder of a few kilobytes that draws: the box without its margins, a disc around each point
 * inside, nothing around a point outside. The second mask, which has the best score, is that; the
 * first and the third one are smaller and larger.
 */
export function smallDecoder(): Model {
  const graph = new Graph(decoderData);
  finish(graph, graph.constant([0], [1, 1, 1, 1, 1]));
  return graph.model(decoderSignature.inputs, decoderSignature.outputs);
}

/**
 * Adds the drawing and the outputs to a decoder's graph. `detail` is added to the logits; it
 * broadcasts to [batch, points, 3, 256, 256].
 */
export function finish(graph: Graph, detail: string): void {
  const axes = (...list: number[]): string => graph.integers(list);
  const scalar = (value: number): string => graph.constant([value], []);
  const pick = (from: string, index: number, axis: number): string =>
    graph.op('Gather', [from, graph.integers([index], [])], { axis });
  const across = graph.constant(centers, [1, 1, 1, 1, 256]);
  const down = graph.constant(centers, [1, 1, 1, 256, 1]);

  // One point of each kind, far away, so that there always is one.
  const far = graph.constant([-9000, -9000, -9000, -9000], [1, 1, 2, 2]);
  const points = graph.op('Concat', ['input_points', far], { axis: 2 });
  const labels = graph.op('Concat', ['input_labels', graph.integers([0, 1], [1, 1, 2])], { axis: 2 });
  const wide = (tensor: string): string => graph.op('Unsqueeze', [tensor, axes(3, 4)]);
  const dx = graph.op('Sub', [across, wide(pick(points, 0, 3))]);
  const dy = graph.op('Sub', [down, wide(pick(points, 1, 3))]);
  const square = (tensor: string): string => graph.op('Mul', [tensor, tensor]);
  const distance = graph.op('Sqrt', [graph.op('Add', [square(dx), square(dy)])]);
  const near = graph.op('Sub', [scalar(reach), distance]);
  const isInside = graph.op('Equal', [wide(labels), graph.integers([1], [])]);
  const isOutside = graph.op('Equal', [wide(labels), graph.integers([0], [])]);
  const most = graph.op('ReduceMax', [graph.op('Where', [isInside, near, scalar(-9000)])], {
    axes: [2],
    keepdims: 0,
  });
  const least = graph.op(
    'ReduceMin',
    [graph.op('Where', [isOutside, graph.op('Neg', [near]), scalar(9000)])],
    { axes: [2], keepdims: 0 },
  );

  const away = graph.constant([-9000, -9000, -8999, -8999], [1, 1, 4]);
  const boxes = graph.op('Concat', ['input_boxes', away], { axis: 1 });
  const edge = (index: number): string => graph.op('Unsqueeze', [pick(boxes, index, 2), axes(2, 3)]);
  const inBox = (low: string, high: string, grid: readonly number[]): string => {
    const place = graph.constant(centers, grid);
    const free = graph.op('Mul', [graph.op('Sub', [high, low]), scalar(margin)]);
    return graph.op('Min', [
      graph.op('Sub', [graph.op('Sub', [place, low]), free]),
      graph.op('Sub', [graph.op('Sub', [high, place]), free]),
    ]);
  };
  const box = graph.op(
    'ReduceMax',
    [graph.op('Min', [inBox(edge(0), edge(2), [1, 1, 1, 256]), inBox(edge(1), edge(3), [1, 1, 256, 1])])],
    { axes: [1], keepdims: 1 },
  );
  const drawn = graph.op('Min', [graph.op('Max', [box, most]), least]);

  // The embeddings must be there, and count a little.
  const means = embeddings.map(({ name }) =>
    graph.op('ReduceMean', [name], { axes: [1, 2, 3], keepdims: 1 }),
  );
  const trace = graph.op('Mul', [graph.op('Sum', means), scalar(1e-6)]);
  const masks = graph.op('Add', [
    graph.op('Add', [
      graph.op('Unsqueeze', [graph.op('Add', [drawn, trace]), axes(2)]),
      graph.constant([-24, 0, 24], [1, 1, 3, 1, 1]),
    ]),
    detail,
  ]);
  graph.output('pred_masks', masks);
  const score = graph.op('Squeeze', [trace, axes(3)]);
  graph.output('iou_scores', graph.op('Add', [graph.constant([0.6, 0.95, 0.7], [1, 1, 3]), score]));
  graph.output('object_score_logits', graph.op('Add', [graph.constant([9], [1, 1, 1]), score]));
}
