import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The two files of a network. */
export interface Files {
  readonly encoder: Buffer;
  readonly decoder: Buffer;
}

/** Writes a network's folder, as `gen3d weights network --folder` does. */
export function writeNetwork(folder: string, { encoder, decoder }: Files): void {
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
  const manifest = {
    format: 'sam-points-and-boxes-1',
    repository: 'gen3d/standin',
    commit: '0'.repeat(40),
    encoder: place('vision_encoder.onnx', encoder),
    decoder: place('prompt_encoder_mask_decoder.onnx', decoder),
  };
  write('network.json', JSON.stringify(manifest));
}
