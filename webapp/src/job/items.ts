import type { Job, JobObject, JobPhoto, ObjectState, ResultFile, Scene } from '../api.ts';
import { texts } from '../texts/texts.ts';
import { titleOf } from './words.ts';

/** Names an item of a job, the same from one response to the next. */
export type ItemKey = 'photo' | 'scene' | `object-${number}`;

/** What the stage can show of a job: its photo, its scene, or one object. */
export type Item =
  | { readonly kind: 'photo'; readonly key: ItemKey; readonly title: string; readonly photo: JobPhoto }
  | { readonly kind: 'scene'; readonly key: ItemKey; readonly title: string; readonly scene: Scene }
  | { readonly kind: 'object'; readonly key: ItemKey; readonly title: string; readonly object: JobObject };

const keyOf = (object: JobObject): ItemKey => `object-${object.index}`;

/** The items of a job in the order in which the page lists them. */
export function itemsOf({ source, scene, objects }: Job): Item[] {
  const items: Item[] = [];
  if (source) items.push({ kind: 'photo', key: 'photo', title: texts.job.photo, photo: source });
  if (scene) items.push({ kind: 'scene', key: 'scene', title: texts.job.scene, scene });
  for (const object of objects)
    items.push({ kind: 'object', key: keyOf(object), title: titleOf(object), object });
  return items;
}

/** The item that a job opens with: its first mesh, else its first object, else its photo. */
export function firstKey(job: Job): ItemKey {
  const object = job.objects.find(({ state }) => state === 'succeeded') ?? job.objects[0];
  return object ? keyOf(object) : 'photo';
}

/** The link of an item's small picture; undefined if there is none. */
export function pictureOf(item: Item): string | undefined {
  if (item.kind === 'photo') return item.photo.thumbnail;
  return item.kind === 'object' ? item.object.preview : undefined;
}

/** The files of an item to view and to download. */
export function filesOf(item: Item): readonly ResultFile[] {
  if (item.kind === 'photo') return [];
  return item.kind === 'scene' ? item.scene.files : item.object.files;
}

/** The state of an item; the photo has none. */
export function stateOf(item: Item): ObjectState | null {
  if (item.kind === 'photo') return null;
  if (item.kind === 'object') return item.object.state;
  return item.scene.state === 'making' ? 'processing' : item.scene.state;
}

/** Finds an item in a later response. */
export const itemIn = (job: Job, key: ItemKey): Item | undefined =>
  itemsOf(job).find((item) => item.key === key);
