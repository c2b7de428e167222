import type { CardGrid } from './CardGrid.ts';
import type { Place } from './Listing.ts';

/** Returns where the user is in the list; null if no card is shown. */
export function placeIn(grid: CardGrid, shown: number): Place | null {
  const opened = document.activeElement?.closest<HTMLElement>('.job-card')?.dataset.job;
  const jobId = opened ?? firstInWindow(grid);
  const card = jobId === undefined ? undefined : grid.card(jobId);
  if (jobId === undefined || !card) return null;
  const { top } = card.element.getBoundingClientRect();
  return { jobId, top, hasFocus: opened !== undefined, scroll: window.scrollY, shown };
}

/** Scrolls to a place and focuses the card that was opened there. */
export function goTo(place: Place, grid: CardGrid): void {
  const card = grid.card(place.jobId);
  if (card) window.scrollBy(0, card.element.getBoundingClientRect().top - place.top);
  else window.scrollTo(0, place.scroll);
  if (place.hasFocus) card?.focus();
}

function firstInWindow(grid: CardGrid): string | undefined {
  return grid.jobs.find(
    ({ jobId }) =>
      grid.inView.has(jobId) && (grid.card(jobId)?.element.getBoundingClientRect().bottom ?? 0) > 0,
  )?.jobId;
}
