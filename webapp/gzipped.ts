import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const suffix = '?gzip';
const require = createRequire(import.meta.url);

/**
 * Makes the import of `file?gzip` the address of the file, compressed: CloudFront compresses no file of
 * more than 10 MB, as ONNX Runtime's programs are.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
 */
export function gzipped(): Plugin {
  return {
    name: 'gzipped',
    enforce: 'pre',
    resolveId: (id) => (id.endsWith(suffix) ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith('\0') || !id.endsWith(suffix)) return null;
      const file = require.resolve(id.slice(1, -suffix.length));
      const source = gzipSync(readFileSync(file), { level: 9 });
      const reference = this.emitFile({ type: 'asset', name: `${basename(file)}.gz`, source });
      return `export default import.meta.ROLLUP_FILE_URL_${reference};`;
    },
  };
}

/** Removes ONNX Runtime's own references to the programs, which the page never uses. */
export function withoutPrograms(): Plugin {
  return {
    name: 'without-programs',
    enforce: 'pre',
    transform(code, id) {
      if (!/onnxruntime-web\/dist\/ort\..*\.mjs$/.test(id)) return null;
      return {
        code: code.replaceAll(
          /new URL\("(ort-wasm[\w.-]+)",import\.meta\.url\)/g,
          'new URL("$1",self.location.href)',
        ),
        map: null,
      };
    },
  };
}
