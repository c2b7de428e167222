import { defineConfig } from 'vitest/config';
import { gzipped, withoutPrograms } from './gzipped.ts';

// During development Vite serves the page and a running `gen3d local` everything else.
const service = process.env.GEN3D_URL ?? 'http://127.0.0.1:8080';
const proxied = ['/api', '/config.json', '/network', '/oidc', '/mailbox'];

export default defineConfig({
  worker: { format: 'es', plugins: () => [gzipped(), withoutPrograms()] },
  build: {
    target: 'es2022',
    // Every asset stays a separate file: the content security policy allows neither inline scripts
    // nor inline styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The viewer is one large chunk that only the job page loads.
    chunkSizeWarningLimit: 1000,
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(proxied.map((path) => [path, { target: service }])),
  },
  test: {
    include: ['src/**/*.test.ts'],
    restoreMocks: true,
    // Only a test that hangs fails, not one on a loaded machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
