// Converts GLBs with the page's code, which a browser runs on request: node convert.mjs OUT GLB...
// writes STEM.stl, and STEM.obj or STEM-obj.zip, of each into OUT. USDZ needs a canvas; a browser
// test makes it.
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "../../webapp/node_modules/rolldown/dist/index.mjs";

const [out, ...files] = process.argv.slice(2);
const bundle = await rolldown({
  input: fileURLToPath(new URL("../../webapp/src/takeaway/convert/convert.ts", import.meta.url)),
  platform: "browser",
});
const program = join(out, "convert.mjs");
await bundle.write({ file: program, format: "esm", codeSplitting: false });
// three.js takes its URL from there; without a document it leaves pictures undecoded.
globalThis.self = globalThis;
const { convert } = await import(pathToFileURL(program).href);
for (const file of files) {
  const stem = basename(file, ".glb");
  const glb = new Blob([await readFile(file)]);
  for (const target of ["stl", "obj"]) {
    const made = await convert({ glb, target, size: { length: 80, unit: "mm" }, stem });
    await writeFile(join(out, stem + made.suffix), new Uint8Array(await made.file.arrayBuffer()));
  }
}
