import type { Box } from '../boxes/geometry.ts';

/** A photo with its boxes that was not submitted yet. */
export interface Draft {
  readonly file: Blob;
  readonly name: string;
  readonly boxes: readonly { readonly box: Box; readonly label: string }[];
}

const store = 'drafts';
const only = 'current';

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('gen3d', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(store);
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
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/**
 * Keeps a draft in this browser while the user signs in again. A browser
 * without storage loses it, and the sign-in goes on.
 */
export async function keepDraft(draft: Draft): Promise<void> {
  try {
    await inStore('readwrite', (drafts) => drafts.put(draft, only));
  } catch {
    // Private windows may refuse storage.
  }
}

/** The draft that was kept, once: it is forgotten here. */
export async function takeDraft(): Promise<Draft | null> {
  try {
    const draft = await inStore<Draft | undefined>('readonly', (drafts) => drafts.get(only));
    if (draft) await inStore('readwrite', (drafts) => drafts.delete(only));
    return draft ?? null;
  } catch {
    return null;
  }
}
