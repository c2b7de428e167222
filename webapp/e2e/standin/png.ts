import { crc32, deflateSync } from 'node:zlib';

type Pixel = readonly [red: number, green: number, blue: number, alpha?: number];

/** A PNG of the pixels, which are opaque unless they say otherwise. */
export function png(width: number, height: number, pixel: (x: number, y: number) => Pixel): Buffer {
  const row = 1 + width * 4;
  const pixels = Buffer.alloc(row * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [red, green, blue, alpha = 255] = pixel(x, y);
      pixels.set([red, green, blue, alpha], y * row + 1 + x * 4);
    }
  }
  return encoded(width, height, 6, pixels);
}

/**
 * A square PNG like a model server's preview: an object on a transparent background, almost up to
 * the edges.
 */
export const previewPng = (side = 512): Buffer =>
  png(side, side, (x, y) => {
    const [dx, dy] = [(x + 0.5) / side - 0.5, (y + 0.5) / side - 0.5];
    if (Math.hypot(dx, dy) > 0.43) return [0, 0, 0, 0];
    return [120 + 200 * dx, 110, 130 - 200 * dy];
  });

const thumbnails = new Map<string, Buffer>();

/**
 * As large as the service's thumbnail of a photo, which is a JPEG: model-image/server/thumbnail.go. Lists
 * ask for hundreds of the same size.
 */
export function thumbnailPng(width: number, height: number): Buffer {
  const scale = Math.min(1, 192 / Math.max(width, height, 1));
  const [across, down] = [width, height].map((side) => Math.max(1, Math.floor(side * scale)));
  const key = `${across} × ${down}`;
  const file =
    thumbnails.get(key) ?? png(across ?? 1, down ?? 1, (x, y) => [90 + (x % 90), 80, 60 + (y % 90)]);
  thumbnails.set(key, file);
  return file;
}

/** A mask like a model server's: one 8-bit channel, 255 in an ellipse that fills the box and 0 elsewhere. */
export function maskPng(width: number, height: number, [x0, y0, x1, y1]: number[]): Buffer {
  const row = 1 + width;
  const pixels = Buffer.alloc(row * height);
  const [left, top, right, bottom] = [x0 ?? 0, y0 ?? 0, x1 ?? width, y1 ?? height];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const dx = (2 * (x + 0.5 - left)) / (right - left) - 1;
      const dy = (2 * (y + 0.5 - top)) / (bottom - top) - 1;
      if (Math.hypot(dx, dy) < 1) pixels[y * row + 1 + x] = 255;
    }
  }
  return encoded(width, height, 0, pixels);
}

/** The file of rows of pixels with eight bits a channel: gray (color type 0), or red, green, blue and alpha (6). */
function encoded(width: number, height: number, colorType: 0 | 6, pixels: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, colorType, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(content.length, 0);
  around.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)]);
}
