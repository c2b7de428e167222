// Prints the Khronos glTF validator's reports on the files given as arguments, as a JSON list.
import { readFile } from "node:fs/promises";
import { validateBytes } from "gltf-validator";

const reports = [];
for (const path of process.argv.slice(2)) {
  reports.push(await validateBytes(new Uint8Array(await readFile(path)), { uri: path }));
}
console.log(JSON.stringify(reports));
