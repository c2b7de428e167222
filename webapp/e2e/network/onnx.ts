/**
 * Writes ONNX files (https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto), as far as the stand-ins
 * of the network need it.
 */

export type Type = 'float32' | 'int64';

/** A dimension: a length, or the name of one that a call decides. */
export type Dimension = number | string;

export interface Signature {
  readonly name: string;
  readonly type: Type;
  readonly shape: readonly Dimension[];
}

type Attribute = number | readonly number[] | { readonly float: number };

const types: Record<Type, number> = { float32: 1, int64: 7 };

// Wire types of protocol buffers: https://protobuf.dev/programming-guides/encoding/
function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const more = rest > 127n;
    bytes.push(Number(rest & 127n) | (more ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}

const whole = (field: number, value: number | bigint): Buffer =>
  Buffer.concat([varint(field * 8), varint(value)]);

const bytes = (field: number, ...parts: readonly (Uint8Array | string)[]): Buffer => {
  const all = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([varint(field * 8 + 2), varint(all.length), all]);
};

function float(field: number, value: number): Buffer {
  const four = Buffer.alloc(4);
  four.writeFloatLE(value);
  return Buffer.concat([varint(field * 8 + 5), four]);
}

/** A model: its graph, and the weights, which are in a file of their own. */
export interface Model {
  readonly graph: Buffer;
  readonly data: Buffer;
}

/** Tensors of more bytes are in the file of the weights. */
const mostInGraph = 256;

/** A graph under construction. Tensors are named by strings. */
export class Graph {
  readonly #nodes: Buffer[] = [];
  readonly #data: Buffer[] = [];
  #dataLength = 0;
  readonly #constants: Buffer[] = [];
  #names = 0;

  /** `location` is the name of the file of the weights. */
  constructor(private readonly location: string) {}

  /** The number of weights so far. */
  get parameters(): number {
    return this.#dataLength / 4;
  }

  /** A tensor of weights or settings. */
  constant(values: Float32Array | readonly number[], shape: readonly number[]): string {
    return this.#tensor('float32', Float32Array.from(values), shape);
  }

  integers(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#tensor('int64', BigInt64Array.from(values.map(BigInt)), shape);
  }

  /** Adds a node with one output and returns its name. */
  op(type: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const [output] = this.split(type, inputs, 1, attributes);
    return output as string;
  }

  /** Adds a node with several outputs. */
  split(
    type: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string[] {
    const outputs = Array.from({ length: count }, () => this.#name());
    this.#node(type, inputs, outputs, attributes);
    return outputs;
  }

  /** Gives a tensor the name of an output. */
  output(name: string, tensor: string): void {
    this.#node('Identity', [tensor], [name], {});
  }

  /** The files, in opset 17, which ONNX Runtime has had since version 1.12. */
  model(inputs: readonly Signature[], outputs: readonly Signature[]): Model {
    const graph = Buffer.concat([
      ...this.#nodes.map((node) => bytes(1, node)),
      bytes(2, 'standin'),
      ...this.#constants.map((tensor) => bytes(5, tensor)),
      ...inputs.map((input) => bytes(11, valueInfo(input))),
      ...outputs.map((output) => bytes(12, valueInfo(output))),
    ]);
    const opset = Buffer.concat([bytes(1, ''), whole(2, 17)]);
    return {
      graph: Buffer.concat([whole(1, 8), bytes(2, 'gen3d'), bytes(7, graph), bytes(8, opset)]),
      data: Buffer.concat(this.#data),
    };
  }

  #name(): string {
    this.#names += 1;
    return `t${this.#names}`;
  }

  #tensor(type: Type, values: Float32Array | BigInt64Array, shape: readonly number[]): string {
    const name = this.#name();
    const raw = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    this.#constants.push(
      Buffer.concat([
        ...shape.map((length) => whole(1, length)),
        whole(2, types[type]),
        bytes(8, name),
        raw.length > mostInGraph ? this.#outside(raw) : bytes(9, raw),
      ]),
    );
    return name;
  }

  /** Appends bytes to the file of the weights, and returns where they are. */
  #outside(raw: Buffer): Buffer {
    const entry = (key: string, value: string): Buffer => bytes(13, bytes(1, key), bytes(2, value));
    const place = [
      entry('location', this.location),
      entry('offset', String(this.#dataLength)),
      entry('length', String(raw.length)),
    ];
    this.#data.push(raw);
    this.#dataLength += raw.length;
    return Buffer.concat([...place, whole(14, 1)]);
  }

  #node(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
  ): void {
    this.#nodes.push(
      Buffer.concat([
        ...inputs.map((name) => bytes(1, name)),
        ...outputs.map((name) => bytes(2, name)),
        bytes(4, type),
        ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
      ]),
    );
  }
}

function attribute(name: string, value: Attribute): Buffer {
  if (typeof value === 'number') return Buffer.concat([bytes(1, name), whole(3, value), whole(20, 2)]);
  if ('float' in value) return Buffer.concat([bytes(1, name), float(2, value.float), whole(20, 1)]);
  return Buffer.concat([bytes(1, name), ...value.map((item) => whole(8, item)), whole(20, 7)]);
}

function valueInfo({ name, type, shape }: Signature): Buffer {
  const dimensions = shape.map((length) =>
    bytes(1, typeof length === 'number' ? whole(1, length) : bytes(2, length)),
  );
  return Buffer.concat([bytes(1, name), bytes(2, bytes(1, whole(1, types[type]), bytes(2, ...dimensions)))]);
}
