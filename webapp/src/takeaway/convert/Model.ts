import { Box3, type BufferGeometry, Group, Mesh, type MeshStandardMaterial, Vector3 } from 'three';
import { type GLTF, GLTFLoader } from 'three/addons/loaders/GLTFLoader.js';

/** A texture as the GLB stores it. */
export interface Picture {
  readonly bytes: ArrayBuffer;
  readonly type: 'image/jpeg' | 'image/png' | 'image/webp';
}

export type Part = Mesh<BufferGeometry, MeshStandardMaterial>;

/** The meshes of a GLB, without its cameras, in its coordinates: meters, +Y up. */
export interface Model {
  readonly root: Group;
  readonly parts: readonly Part[];
  /** The base color texture of each material that has one. */
  readonly pictures: ReadonlyMap<MeshStandardMaterial, Picture>;
}

/** Reads a GLB whose pictures are within it. Rejects if it cannot be read. */
export async function readModel(glb: ArrayBuffer): Promise<Model> {
  const gltf = await new GLTFLoader().parseAsync(glb, '');
  gltf.scene.updateMatrixWorld(true);
  const root = new Group();
  const parts: Part[] = [];
  gltf.scene.traverse((node) => {
    if (!(node instanceof Mesh)) return;
    const part = new Mesh(node.geometry, node.material) as Part;
    // The loader replaces what is special in a node's name; the file's name is in userData.
    part.name = String(node.userData.name ?? node.name);
    part.applyMatrix4(node.matrixWorld);
    parts.push(part);
  });
  if (parts.length === 0) throw new Error('the GLB has no mesh');
  root.add(...parts);
  root.updateMatrixWorld(true);
  return { root, parts, pictures: await picturesOf(gltf, parts) };
}

interface Json {
  readonly materials?: readonly {
    readonly pbrMetallicRoughness?: { readonly baseColorTexture?: { readonly index: number } };
  }[];
  readonly textures?: readonly { readonly source: number }[];
  readonly images?: readonly { readonly bufferView: number; readonly mimeType: Picture['type'] }[];
}

/** Reads the stored pictures: to draw and encode them again would lose quality. */
async function picturesOf(
  { parser }: GLTF,
  parts: readonly Part[],
): Promise<Map<MeshStandardMaterial, Picture>> {
  const json = parser.json as Json;
  const pictures = new Map<MeshStandardMaterial, Picture>();
  for (const { material } of parts) {
    const number = parser.associations.get(material)?.materials;
    const texture = number === undefined ? undefined : json.materials?.[number];
    const index = texture?.pbrMetallicRoughness?.baseColorTexture?.index;
    const source = index === undefined ? undefined : json.textures?.[index]?.source;
    const image = source === undefined ? undefined : json.images?.[source];
    if (!image) continue;
    const bytes = (await parser.getDependency('bufferView', image.bufferView)) as ArrayBuffer;
    pictures.set(material, { bytes, type: image.mimeType });
  }
  return pictures;
}

/** Whether the colors of a mesh are in its vertices. */
export const hasVertexColors = ({ geometry }: Part): boolean => geometry.hasAttribute('color');

/** Which way is up in a file. Slicers and CAD programs expect z. */
export type Up = 'y' | 'z';

/**
 * Returns the meshes scaled so that the longest side of their common box has a length, standing on
 * the ground, with the origin below their middle.
 */
export function placed({ root }: Model, length: number, up: Up): Group {
  const turned = new Group();
  if (up === 'z') turned.rotation.x = Math.PI / 2;
  turned.add(root);
  turned.updateMatrixWorld(true);
  const box = new Box3().setFromObject(turned, true);
  const size = box.getSize(new Vector3());
  const scale = length / Math.max(size.x, size.y, size.z);
  if (!Number.isFinite(scale)) throw new Error('the mesh has no size');
  const middle = box.getCenter(new Vector3());
  const foot = up === 'z' ? new Vector3(middle.x, middle.y, box.min.z) : middle.setY(box.min.y);
  const standing = new Group();
  standing.scale.setScalar(scale);
  standing.position.copy(foot).multiplyScalar(-scale);
  standing.add(turned);
  standing.updateMatrixWorld(true);
  return standing;
}
