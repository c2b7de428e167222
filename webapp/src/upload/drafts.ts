import type { FileFormat } from '../formats.ts';
import type { Marking, MaskMarks } from '../boxes/BoxList.ts';
import type { Quality } from '../qualities.ts';
import type { Promised } from './submission.ts';

/** The values of the option fields, valid or not. */
export interface OptionsDraft {
  readonly seed: string;
  readonly formats: readonly FileFormat[];
  /** Absent in a draft of an earlier version of the page, as is `faces`. */
  readonly quality?: Quality;
  readonly faces?: string;
}

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
  /** Time of the last change, in milliseconds since 1970. */
  readonly savedAt: number;
  /** The job that waits for this photo, if there is one. */
  readonly promised: Promised | null;
}

const store = 'drafts';
/** Version 1 stored a draft without its owner. */
const version = 2;

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('gen3d', version);
    request.onupgradeneeded = () => {
      const { result } = request;
      if (result.objectStoreNames.contains(store)) result.deleteObjectStore(store);
      result.createObjectStore(store);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
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
const photoOf = (userId: string): IDBValidKey => [userId, 'photo'];
const marksOf = (userId: string): IDBValidKey => [userId, 'marks'];

interface PhotoRecord {
  readonly id: string;
  readonly file: Blob;
  readonly name: string;
}

/** Returns the draft with points but without masks, which take the most room, or null if it has none. */
export function withoutMasks(draft: Draft): Draft | null {
  if (!draft.boxes.some(({ mask }) => mask)) return null;
  return { ...draft, boxes: draft.boxes.map((marks) => ({ ...marks, painting: null, mask: null })) };
}

/**
 * Saves the user's draft in this browser, replacing the previous one. Rejects if the quota is
 * exceeded.
 */
export async function saveDraft(userId: string, draft: Draft): Promise<void> {
  const { file, name, ...marks } = draft;
  await inStore('readwrite', (drafts) => {
    const kept = drafts.get(photoOf(userId)) as IDBRequest<PhotoRecord | undefined>;
    kept.onsuccess = () => {
      const photo: PhotoRecord = { id: draft.id, file, name };
      if (kept.result?.id !== draft.id) drafts.put(photo, photoOf(userId));
      drafts.put(marks, marksOf(userId));
    };
    return kept;
  });
}

/**
 * Returns the user's draft, or null; null too if the browser refuses storage, as private windows
 * may.
 */
export async function loadDraft(userId: string): Promise<Draft | null> {
  try {
    const photo = await inStore<PhotoRecord | undefined>('readonly', (drafts) => drafts.get(photoOf(userId)));
    const marks = await inStore<Omit<Draft, 'file' | 'name'> | undefined>('readonly', (drafts) =>
      drafts.get(marksOf(userId)),
    );
    return photo && marks && photo.id === marks.id ? { ...photo, ...marks } : null;
  } catch {
    return null;
  }
}

/** Deletes the user's draft: with an id, only if the draft has that id. */
export async function forgetDraft(userId: string, id?: string): Promise<void> {
  try {
    if (id !== undefined && (await loadDraft(userId))?.id !== id) return;
    await inStore('readwrite', (drafts) => {
      drafts.delete(photoOf(userId));
      return drafts.delete(marksOf(userId));
    });
  } catch {
    // A browser that cannot store anything has no draft to delete.
  }
}
