// Decodes the SPZ files given as arguments with Niantic's library (WebAssembly) and prints a JSON list:
// the number of Gaussians and, as little-endian float32 in base64, positions, rotations (x, y, z, w), scales (standard
// deviations), alphas (0 to 1) and colors (0.5 + 0.28209 · f_dc).
import { readFile } from "node:fs/promises";

// The bundle contains Emscripten's loader for Node, but not its imports; as an Electron renderer it takes
// the one for browsers, which needs none.
process.type = "renderer";
const { loadSpz } = await import("@spz-loader/core");

const clouds = [];
for (const path of process.argv.slice(2)) {
  const cloud = await loadSpz(new Uint8Array(await readFile(path)), { colorScaleFactor: 0.28209479177387814 });
  const arrays = {};
  for (const [name, value] of Object.entries(cloud)) {
    if (typeof value !== "object") continue;
    arrays[name] = Buffer.from(Float32Array.from(value).buffer).toString("base64");
  }
  clouds.push({ numPoints: cloud.numPoints, shDegree: cloud.shDegree, arrays });
}
console.log(JSON.stringify(clouds));
