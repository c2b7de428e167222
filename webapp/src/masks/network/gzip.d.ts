/** The address of a file that the build compresses; see gzipped.ts. */
declare module '*.wasm?gzip' {
  const address: string;
  export default address;
}
