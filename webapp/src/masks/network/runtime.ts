import gpuBuild from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?gzip';
import cpuBuild from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?gzip';
import type { Env } from 'onnxruntime-common';
import type { Runtime } from './Network.ts';

/** Where the network runs. */
export type Device = 'webgpu' | 'wasm';

interface Adapter {
  readonly info?: { readonly isFallbackAdapter?: boolean };
}

/** Resolves to whether the browser offers a GPU to workers; one that is played by the CPU is none. */
export async function hasGpu(): Promise<boolean> {
  const { gpu } = navigator as { readonly gpu?: { requestAdapter(): Promise<Adapter | null> } };
  const adapter = await gpu?.requestAdapter().catch(() => null);
  return adapter ? !adapter.info?.isFallbackAdapter : false;
}

/**
 * Loads the build of ONNX Runtime for a device. It gets the program as bytes, so that it neither asks
 * for another file nor makes a script of its own. It runs in one thread: more would need cross-origin
 * isolation, under which the storage that photos and meshes come from would have to allow the page to
 * embed every file.
 */
export async function openRuntime(device: Device): Promise<Runtime> {
  const [ort, program] = await Promise.all([
    device === 'webgpu' ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm'),
    unzipped(device === 'webgpu' ? gpuBuild : cpuBuild),
  ]);
  const env: Env = ort.env;
  env.logLevel = 'error';
  env.wasm.wasmBinary = program;
  env.wasm.numThreads = 1;
  return ort;
}

async function unzipped(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}`);
  return new Response(response.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}
