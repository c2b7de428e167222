import * as ort from 'onnxruntime-web';
import { beforeAll, expect, it } from 'vitest';
import type { Model } from '../../../e2e/network/onnx.ts';
import { decoderData, encoderData } from '../../../e2e/network/signature.ts';
import { margin, reach, smallDecoder, smallEncoder } from '../../../e2e/network/small.ts';
import { bitmapOf } from '../Mask.ts';
import { planes, side } from './frame.ts';
import { type ModelBytes, Network } from './Network.ts';

const bytes = ({ graph, data }: Model, dataName: string): ModelBytes => ({ graph, data, dataName });
const encoder = bytes(smallEncoder(), encoderData);
const decoder = bytes(smallDecoder(), decoderData);

beforeAll(() => {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'fatal';
});

it('passes the box and the points to the network, and takes the mask with the best score', async () => {
  const network = await Network.open(ort, { encoder, decoder }, 'wasm');
  const photo = { width: 2000, height: 1000 };
  const encoded = await network.encode(planes(new Uint8ClampedArray(side * side * 4)), photo);
  const box = { x0: 200, y0: 100, x1: 1200, y1: 900 };
  const at = async (
    ...points: readonly [number, number, boolean][]
  ): Promise<(x: number, y: number) => number> => {
    const prompt = { box, points: points.map(([x, y, isInside]) => ({ x, y, isInside })) };
    const mask = await network.decode(encoded, prompt);
    const bitmap = bitmapOf(mask ?? { ...photo, runs: new Uint32Array() });
    return (x, y) => bitmap[y * photo.width + x] as number;
  };
  const [left, top] = [200 + 1000 * margin, 100 + 800 * margin];
  const bare = await at();
  expect([bare(left + 8, 500), bare(left - 8, 500), bare(700, top + 5), bare(700, top - 5)]).toEqual([
    1, 0, 1, 0,
  ]);
  const marked = await at([1700, 500, true], [700, 500, false]);
  const across = Math.round((reach * photo.width) / side);
  expect([marked(1700, 500), marked(1700 + across - 8, 500), marked(1700 + across + 8, 500)]).toEqual([
    1, 1, 0,
  ]);
  expect([marked(700, 500), marked(700 - across + 8, 500), marked(700 - across - 8, 500)]).toEqual([0, 0, 1]);
});

it('refuses files of another network, and damaged ones', async () => {
  await expect(Network.open(ort, { encoder: decoder, decoder }, 'wasm')).rejects.toThrow(
    'the encoder has 6 inputs',
  );
  await expect(Network.open(ort, { encoder, decoder: encoder }, 'wasm')).rejects.toThrow(
    'the decoder has 1 inputs',
  );
  const cut = { ...encoder, graph: encoder.graph.subarray(0, 400) };
  await expect(Network.open(ort, { encoder: cut, decoder }, 'wasm')).rejects.toThrow();
  const without = { ...encoder, data: new Uint8Array() };
  await expect(Network.open(ort, { encoder: without, decoder }, 'wasm')).rejects.toThrow();
});

it('has a stand-in that refuses what the network refuses', async () => {
  const session = await ort.InferenceSession.create(decoder.graph, {
    externalData: [{ path: decoderData, data: decoder.data }],
    logSeverityLevel: 4,
  });
  const tensor = (length: number, shape: number[]): ort.Tensor =>
    new ort.Tensor('float32', new Float32Array(length), shape);
  const inputs = {
    input_points: tensor(2, [1, 1, 1, 2]),
    input_labels: new ort.Tensor('int64', BigInt64Array.of(1n), [1, 1, 1]),
    input_boxes: tensor(4, [1, 1, 4]),
    'image_embeddings.0': tensor(32 * 256 * 256, [1, 32, 256, 256]),
    'image_embeddings.1': tensor(64 * 128 * 128, [1, 64, 128, 128]),
    'image_embeddings.2': tensor(256 * 64 * 64, [1, 256, 64, 64]),
  };
  const { pred_masks: masks } = await session.run(inputs);
  expect(masks?.dims).toEqual([1, 1, 3, 256, 256]);
  const { input_boxes: _, ...withoutBoxes } = inputs;
  for (const wrong of [
    withoutBoxes,
    { ...inputs, input_boxes: tensor(4, [1, 4]) },
    { ...inputs, input_labels: tensor(1, [1, 1, 1]) },
    { ...inputs, input_labels: new ort.Tensor('int64', BigInt64Array.of(1n, 1n), [1, 1, 2]) },
    { ...inputs, 'image_embeddings.2': tensor(256 * 32 * 32, [1, 256, 32, 32]) },
    { ...inputs, input_points: tensor(3, [1, 1, 1, 3]) },
  ])
    await expect(session.run(wrong as typeof inputs)).rejects.toThrow();
});
