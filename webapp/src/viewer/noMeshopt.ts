/**
 * Takes the place of three.js's meshopt decoder, which compiles WebAssembly as
 * soon as it is loaded: the content security policy allows no compiling, and
 * Gen3D's meshes are not compressed. A GLB that needs the decoder after all is
 * refused by the loader with an error.
 */
export const MeshoptDecoder = { supported: false, ready: Promise.resolve() };
