/**
 * Replaces three.js's meshopt decoder, which compiles WebAssembly as soon as it is loaded: the
 * content security policy forbids compiling, and Gen3D's meshes are not compressed. For a GLB that
 * needs the decoder, the loader reports an error.
 */
export const MeshoptDecoder = { supported: false, ready: Promise.resolve() };
