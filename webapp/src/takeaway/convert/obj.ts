import {
  type BufferAttribute,
  type BufferGeometry,
  Color,
  Float32BufferAttribute,
  SRGBColorSpace,
} from 'three';
import { OBJExporter } from 'three/addons/exporters/OBJExporter.js';
import { hasVertexColors, type Model, type Part, type Picture } from './Model.ts';

/** A file of an OBJ model: the mesh, its materials, its textures. */
export interface ObjFile {
  readonly name: string;
  readonly content: string | ArrayBuffer;
}

/**
 * Returns the model as OBJ, in the GLB's coordinates, with its materials as MTL and its textures as
 * the GLB stores them; the first file is the mesh. Colors of vertices follow their positions in
 * sRGB, as MeshLab, Blender and ZBrush read them. `stem` begins the files' names.
 */
export function objFiles(model: Model, stem: string): ObjFile[] {
  // Readers of OBJ take a space as the end of a file's name.
  const plain = stem.replace(/[^A-Za-z0-9._-]+/g, '_');
  const textured = new Map<Part['material'], string>();
  for (const { material } of model.parts) {
    if (!model.pictures.has(material) || textured.has(material)) continue;
    textured.set(material, `surface-${textured.size + 1}`);
  }
  for (const geometry of new Set(model.parts.map((part) => part.geometry))) flip(geometry);
  for (const { material } of model.parts) material.name = textured.get(material) ?? '';
  const mesh = colored(new OBJExporter().parse(model.root), model.parts);
  if (textured.size === 0) return [{ name: `${plain}.obj`, content: mesh }];
  const files: ObjFile[] = [{ name: `${plain}.obj`, content: `mtllib ${plain}.mtl\n${mesh}` }];
  const materials: string[] = [];
  for (const [material, name] of textured) {
    const picture = model.pictures.get(material) as Picture;
    const file = `${plain}${textured.size > 1 ? `-${name}` : ''}.${picture.type.replace('image/', '').replace('jpeg', 'jpg')}`;
    materials.push(mtl(name, material, file));
    files.push({ name: file, content: picture.bytes });
  }
  files.splice(1, 0, { name: `${plain}.mtl`, content: materials.join('\n') });
  return files;
}

/** Texture coordinates begin at the top in glTF, and at the bottom in OBJ. */
function flip(geometry: BufferGeometry): void {
  const uv = geometry.getAttribute('uv');
  if (!uv) return;
  const flipped: number[] = [];
  for (let at = 0; at < uv.count; at += 1) flipped.push(uv.getX(at), 1 - uv.getY(at));
  geometry.setAttribute('uv', new Float32BufferAttribute(flipped, 2));
}

/** The exporter writes no colors of vertices: they are added to its lines, which have their order. */
function colored(obj: string, parts: readonly Part[]): string {
  if (!parts.some(hasVertexColors)) return obj;
  const colors = colorsOf(parts);
  return obj.replace(/^v .*$/gm, (line) => line + colors.next().value);
}

function* colorsOf(parts: readonly Part[]): Generator<string, string> {
  const color = new Color();
  for (const { geometry } of parts) {
    const stored = geometry.getAttribute('color') as BufferAttribute | undefined;
    for (let at = 0; at < geometry.getAttribute('position').count; at += 1) {
      if (stored) color.fromBufferAttribute(stored, at);
      else color.set(1, 1, 1);
      const { r, g, b } = color.getRGB({ r: 0, g: 0, b: 0 }, SRGBColorSpace);
      yield ` ${r.toFixed(4)} ${g.toFixed(4)} ${b.toFixed(4)}`;
    }
  }
  return '';
}

/**
 * Returns a material with a texture. Pr and Pm are roughness and metalness in the extension that
 * Blender and others read: http://exocortex.com/blog/extending_wavefront_mtl_to_support_pbr
 */
function mtl(name: string, material: Part['material'], file: string): string {
  const { r, g, b } = material.color.getRGB({ r: 0, g: 0, b: 0 }, SRGBColorSpace);
  return [
    `newmtl ${name}`,
    `Kd ${r.toFixed(4)} ${g.toFixed(4)} ${b.toFixed(4)}`,
    'Ks 0 0 0',
    'd 1',
    'illum 1',
    `Pr ${material.roughness}`,
    `Pm ${material.metalness}`,
    `map_Kd ${file}`,
    '',
  ].join('\n');
}
