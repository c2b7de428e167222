import { makeZip } from 'client-zip';
import type { Job } from '../../api.ts';
import { texts } from '../../texts/texts.ts';
import type { Received } from '../fetchFile.ts';
import { Collector, type Outside } from './Collector.ts';
import type { Entry, Group } from './entries.ts';
import { type Missing, manifestOf, type Saved } from './manifest.ts';

/** A zip file in the making. The lists are complete when its stream ends. */
export interface Archive {
  readonly stream: ReadableStream<Uint8Array>;
  readonly saved: readonly Saved[];
  readonly missing: readonly Missing[];
}

/** Thrown by the stream if no file could be fetched. */
export class EmptyArchive extends Error {
  override readonly name = 'EmptyArchive';
}

/**
 * Makes the zip file of the chosen files of a job. Files are stored in it without compression, which
 * would save a little of them and cost much time, and are followed by the list of its contents. If
 * some are missing, another text in it says so.
 */
export function archiveOf(
  job: Job,
  entries: readonly Entry[],
  chosen: readonly Group[],
  version: string,
  outside: Outside,
  received: Received,
  signal: AbortSignal,
): Archive {
  const collector = new Collector(job, entries, outside, received, signal);
  const { saved, missing } = collector;
  async function* files() {
    yield* collector.files();
    signal.throwIfAborted();
    if (saved.length === 0) throw new EmptyArchive();
    const lastModified = new Date(outside.now());
    if (missing.length > 0) {
      const names = missing.map(({ entry, reason }) => `${entry.path}: ${reason}`);
      yield {
        name: texts.takeaway.missingName,
        input: texts.takeaway.missingText(names),
        lastModified,
      };
    }
    const manifest = manifestOf(job, { chosen, saved, missing }, version, lastModified);
    yield { name: 'manifest.json', input: `${JSON.stringify(manifest, null, 2)}\n`, lastModified };
  }
  return { stream: makeZip(files()), saved, missing };
}
