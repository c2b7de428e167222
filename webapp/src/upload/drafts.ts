import type { Marking, MaskMarks } from '../boxes/BoxList.ts';
import { written } from './DraftKeeper.ts';
import type { OptionsDraft } from './options.ts';
import type { Promised } from './submission.ts';

/** What the user marked on a photo and chose for it. */
export interface Marks {
  /** A draft of an earlier version of the page has no masks. */
  readonly boxes: readonly (Pick<Marking, 'box' | 'label'> & Partial<MaskMarks>)[];
  /** Index of the selected box in `boxes`, -1 for none. */
  readonly selected: number;
  /** Null for the defaults. */
  readonly options: OptionsDraft | null;
}

/** A photo that is not submitted yet, with its boxes and options. */
export interface Draft extends Marks {
  /** Identifies one choice of a photo. */
  readonly id: string;
  readonly file: Blob;
  readonly name: string;
  /** When the photo was chosen, in milliseconds since 1970; absent in earlier versions' drafts. */
  readonly addedAt?: number;
  /** The job whose stored photo this is. */
  readonly from?: string;
  /** Time of the last change, in milliseconds since 1970. */
  readonly savedAt: number;
  /** The job that waits for this photo, if there is one. */
  readonly promised: Promised | null;
}

/** Maximum size of the photos that are kept, in bytes. */
export const mostKeptBytes = 256 * 1024 * 1024;

/** How long a draft of an earlier job's photo is kept after its last change, in milliseconds. */
const keptTime = 30 * 24 * 60 * 60 * 1000;

const store = 'drafts';
/** Version 1 stored a draft without its owner, version 2 one draft a user. */
const version = 3;

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('gen3d', version);
    request.onupgradeneeded = ({ oldVersion }) => {
      const { result, transaction } = request;
      if (oldVersion === 1) result.deleteObjectStore(store);
      if (oldVersion < 2) result.createObjectStore(store);
      else if (transaction) addIds(transaction.objectStore(store));
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Gives each record of version 2, [user, part], its draft's id in the key. */
function addIds(drafts: IDBObjectStore): void {
  const all = drafts.openCursor();
  all.onsuccess = () => {
    const cursor = all.result;
    if (!cursor) return;
    const [userId, part] = cursor.key as string[];
    const { id } = cursor.value as { id: string };
    if (Array.isArray(cursor.key) && cursor.key.length === 2) {
      drafts.put(cursor.value, [userId, id, part] as IDBValidKey);
      cursor.delete();
    }
    cursor.continue();
  };
}

async function inStore<T>(
  mode: IDBTransactionMode,
  work: (drafts: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(store, mode);
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
      const request = work(transaction.objectStore(store));
    });
  } finally {
    database.close();
  }
}

// The photo is a separate record, written once: marks change with every drag.
const photoOf = (userId: string, id: string): IDBValidKey => [userId, id, 'photo'];
const marksOf = (userId: string, id: string): IDBValidKey => [userId, id, 'marks'];

/** The keys that begin with these parts: an array sorts after every string. */
const keysOf = (...parts: string[]): IDBKeyRange => IDBKeyRange.bound(parts, [...parts, []]);

type PhotoRecord = Pick<Draft, 'id' | 'file' | 'name'>;
type MarksRecord = Omit<Draft, 'file' | 'name'>;

/** Returns the draft with points but without masks, which take the most room, or null if it has none. */
export function withoutMasks(draft: Draft): Draft | null {
  if (!draft.boxes.some(({ mask }) => mask)) return null;
  return { ...draft, boxes: draft.boxes.map((marks) => ({ ...marks, painting: null, mask: null })) };
}

/** Saves a draft of the user in this browser. Rejects if the quota is exceeded. */
export async function saveDraft(userId: string, draft: Draft): Promise<void> {
  const { file, name, ...marks } = draft;
  await inStore('readwrite', (drafts) => {
    const kept = drafts.count(photoOf(userId, draft.id));
    kept.onsuccess = () => {
      const photo: PhotoRecord = { id: draft.id, file, name };
      if (kept.result === 0) drafts.put(photo, photoOf(userId, draft.id));
      drafts.put(marks, marksOf(userId, draft.id));
    };
    return kept;
  });
}

/**
 * Returns the user's drafts in the order in which the photos were chosen. There are none if the
 * browser refuses storage, as private windows may.
 */
export async function loadDrafts(userId: string): Promise<Draft[]> {
  try {
    await written();
    const records = await inStore<(PhotoRecord | MarksRecord)[]>('readonly', (drafts) =>
      drafts.getAll(keysOf(userId)),
    );
    const photos = new Map<string, PhotoRecord>();
    for (const record of records) if ('file' in record) photos.set(record.id, record);
    return records
      .flatMap((record) => {
        const photo = photos.get(record.id);
        return photo && 'boxes' in record ? [{ ...photo, ...record }] : [];
      })
      .sort((a, b) => (a.addedAt ?? 0) - (b.addedAt ?? 0));
  } catch {
    return [];
  }
}

/** Deletes drafts of the user: the one with an id, or all. */
export async function forgetDrafts(userId: string, ...id: [string] | []): Promise<void> {
  try {
    await inStore('readwrite', (drafts) => drafts.delete(keysOf(userId, ...id)));
  } catch {
    // A browser that cannot store anything has no draft to delete.
  }
}

/** Returns the drafts of earlier jobs' photos that were last changed too long ago to be kept. */
export function stale(drafts: readonly Draft[], now: number): Draft[] {
  return drafts.filter(({ from, savedAt }) => from !== undefined && now - savedAt > keptTime);
}
