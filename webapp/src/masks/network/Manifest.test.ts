import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { loadManifest, readManifest } from './Manifest.ts';

/** As webapp/network_test.go writes it. */
const written = JSON.parse(readFileSync('../testdata/network/network.json', 'utf8'));

it('reads what gen3d weights writes', () => {
  expect(readManifest(written)).toEqual({ encoder: written.encoder, decoder: written.decoder });
});

it('finds no network on a site without one, of another format, or elsewhere', () => {
  const elsewhere = { ...written.encoder, path: 'https://example.com/network/e.onnx' };
  const above = { ...written.encoder, path: '/network/../e.onnx' };
  const values = [{}, null, 'text', { ...written, format: 'other' }];
  for (const encoder of [elsewhere, above, undefined, { ...written.encoder, sha256: 'x' }])
    values.push({ ...written, encoder });
  for (const value of values) expect(readManifest(value)).toBeNull();
});

it('asks the site again each time, and takes a refusal for none', async () => {
  const fetcher = vi.fn(async () => new Response('gone', { status: 503 }));
  expect(await loadManifest(fetcher)).toBeNull();
  expect(fetcher).toHaveBeenCalledWith('/network.json', { cache: 'no-cache' });
});
