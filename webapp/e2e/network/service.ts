import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Models, writeNetwork } from './folder.ts';

export const program = fileURLToPath(new URL('../../../bin/gen3d', import.meta.url));
const page = fileURLToPath(new URL('../../dist', import.meta.url));

/** The whole service on this machine, with a network. */
export interface Service {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts `gen3d local` on free ports, with data of its own. */
export async function startService(models: Models): Promise<Service> {
  const folder = mkdtempSync(join(tmpdir(), 'gen3d-network-'));
  writeNetwork(join(folder, 'network'), models);
  const args = ['local', '--addr', '127.0.0.1:0', '--s3-addr', '127.0.0.1:0', '--page', page];
  args.push('--data', join(folder, 'data'), '--network', join(folder, 'network'));
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`gen3d local ended before it was ready:\n${output}`)));
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
      if (/^ready$/m.test(output)) resolve(/page and API +(\S+)/.exec(output)?.[1] ?? '');
    });
  });
  return {
    url,
    stop: async () => {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
