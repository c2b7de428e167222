import type { Job, JobObject } from '../api.ts';
import {
  bytesInWords,
  costInWords,
  durationInWords,
  listInWords,
  pixelsInWords,
  typeInWords,
} from '../format.ts';
import { countInWords } from '../texts/count.ts';
import { texts } from '../texts/texts.ts';
import type { Item } from './items.ts';
import { backendInWords, leftOutInWords, stageOrder, titleOf } from './words.ts';

/** A fact about an item; `isWide` for one that needs a line of its own. */
export interface Fact {
  readonly term: string;
  readonly value: string;
  readonly isWide?: boolean;
}

const words = texts.job;

/** What is known of an item, for the panel of details. */
export function factsOf(item: Item, job: Job): Fact[] {
  if (item.kind === 'object') return factsOfObject(item.object);
  if (item.kind === 'photo') return factsOfPhoto(job);
  const { objects, unplaced } = item.scene;
  const titles = objects.map((index) => titleOf(job.objects.find((o) => o.index === index) ?? { index }));
  return [
    ...(titles.length > 0
      ? [{ term: words.objectCount, value: listInWords(titles, 'and'), isWide: true }]
      : []),
    ...(unplaced.length > 0
      ? [{ term: words.scene, value: leftOutInWords(job, unplaced), isWide: true }]
      : []),
  ];
}

function factsOfPhoto({ source }: Job): Fact[] {
  if (!source) return [];
  return [
    { term: words.file, value: source.name, isWide: true },
    ...(source.width > 0 ? [{ term: words.pixels, value: pixelsInWords(source.width, source.height) }] : []),
    { term: words.type, value: typeInWords(source.contentType) },
    { term: words.size, value: bytesInWords(source.bytes) },
  ];
}

function factsOfObject({ mesh, timing, cost, backend, state }: JobObject): Fact[] {
  const facts: Fact[] = [];
  if (mesh) {
    facts.push({ term: words.vertices, value: countInWords(mesh.vertices) });
    facts.push({ term: words.faces, value: countInWords(mesh.faces) });
  }
  const total = timing?.total;
  if (total !== undefined) facts.push({ term: words.time, value: durationInWords(total) });
  if (cost) facts.push({ term: words.cost, value: costInWords(cost.usd) });
  if (backend && state === 'succeeded')
    facts.push({ term: words.madeBy, value: backendInWords(backend), isWide: true });
  if (cost) facts.push({ term: words.machine, value: cost.instanceType, isWide: true });
  const spent = stageOrder
    .filter((stage) => timing?.[stage] !== undefined)
    .map((stage) => `${stage} ${durationInWords(timing?.[stage] ?? 0)}`);
  if (spent.length > 0) facts.push({ term: words.stages, value: words.stageTimes(spent), isWide: true });
  return facts;
}
