import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Model } from './onnx.ts';
import { decoderData, encoderData } from './signature.ts';

/** The two models of a network. */
export interface Models {
  readonly encoder: Model;
  readonly decoder: Model;
}

/** Writes a network's folder, as `gen3d weights network --folder` does. */
export function writeNetwork(folder: string, { encoder, decoder }: Models): void {
  const write = (path: string, data: Buffer | string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), data);
  };
  const place = (name: string, data: Buffer) => {
    const path = `network/standin/${name}`;
    write(path, data);
    return {
      path: `/${path}`,
      bytes: data.length,
      sha256: createHash('sha256').update(data).digest('hex'),
    };
  };
  const both = (dataName: string, { graph, data }: Model) => ({
    graph: place(dataName.replace(/_data$/, ''), graph),
    data: place(dataName, data),
  });
  const manifest = {
    format: 'sam2-1',
    repository: 'gen3d/standin',
    commit: '0'.repeat(40),
    encoder: both(encoderData, encoder),
    decoder: both(decoderData, decoder),
  };
  write('network.json', JSON.stringify(manifest));
}
