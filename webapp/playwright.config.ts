import { defineConfig } from '@playwright/test';

/**
 * The services for the workers, one each: GEN3D_URLS, or GEN3D_URL alone. Each worker reads this file,
 * and finds its number in TEST_PARALLEL_INDEX (https://playwright.dev/docs/test-parallel).
 */
const services = process.env.GEN3D_URLS?.split(' ');
if (services) process.env.GEN3D_URL = services[Number(process.env.TEST_PARALLEL_INDEX ?? 0)];

/**
 * Runs the system's browser: GEN3D_CHROMIUM, or /usr/bin/chromium. Playwright downloads none.
 */
export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  fullyParallel: false,
  workers: services?.length ?? 1,
  forbidOnly: !!process.env.CI,
  reporter: [['list']],
  // Timeouts for a machine under load; no test measures time.
  timeout: 240_000,
  expect: { timeout: 120_000 },
  use: {
    baseURL: process.env.GEN3D_URL ?? 'http://127.0.0.1:8080',
    actionTimeout: 120_000,
    screenshot: 'only-on-failure',
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: {
      executablePath: process.env.GEN3D_CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        // WebGL without a GPU. Only WebGL uses it: drawing the page itself with it takes the
        // processor longer than all scripts of the page.
        '--use-gl=angle',
        '--use-angle=swiftshader',
        '--enable-unsafe-swiftshader',
        '--disable-gpu-rasterization',
        '--disable-gpu-compositing',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
