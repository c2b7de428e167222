import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { loadManifest, readManifest } from './Manifest.ts';

/** As internal/weights/site/site_test.go writes it. */
const written = JSON.parse(readFileSync('../testdata/network/network.json', 'utf8'));

it('reads what gen3d weights writes', () => {
  expect(readManifest(written)).toEqual({ encoder: written.encoder, decoder: written.decoder });
});

it('finds no network on a site without one, of another format, or elsewhere', () => {
  const { graph } = written.encoder;
  const wrong = [
    undefined,
    { ...graph, path: 'https://example.com/network/e.onnx' },
    { ...graph, path: '/network/../e.onnx' },
    { ...graph, bytes: 0 },
    { ...graph, sha256: 'x' },
  ];
  const values = [{}, null, 'text', { ...written, format: 'other' }, { ...written, decoder: null }];
  for (const data of wrong) values.push({ ...written, encoder: { graph, data } });
  for (const value of values) expect(readManifest(value)).toBeNull();
});

it('asks the site again each time, and takes a refusal for none', async () => {
  const fetcher = vi.fn(async () => new Response('gone', { status: 503 }));
  expect(await loadManifest(fetcher)).toBeNull();
  expect(fetcher).toHaveBeenCalledWith('/network.json', { cache: 'no-cache' });
});
