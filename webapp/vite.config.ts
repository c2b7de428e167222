import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// During development the page is served by Vite and everything else by a
// running `gen3d local`.
const service = process.env.GEN3D_URL ?? 'http://127.0.0.1:8080';
const proxied = ['/api', '/config.json', '/oidc', '/mailbox'];

export default defineConfig({
  resolve: {
    alias: {
      'three/examples/jsm/libs/meshopt_decoder.module.js': fileURLToPath(
        new URL('src/viewer/noMeshopt.ts', import.meta.url),
      ),
    },
  },
  build: {
    target: 'es2022',
    // Everything stays a file of its own: the content security policy allows
    // neither inline scripts nor inline styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The viewer is one large chunk that only the job page loads.
    chunkSizeWarningLimit: 1200,
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(proxied.map((path) => [path, { target: service }])),
  },
  test: {
    include: ['src/**/*.test.ts'],
    restoreMocks: true,
  },
});
