import type { JobSummary } from '../api.ts';
import type { CardGrid } from './CardGrid.ts';
import type { SearchBar } from './SearchBar.ts';
import { SelectionBar } from './SelectionBar.ts';

/** The jobs that the user selects: their cards, the button that begins it, and the bar of what to do. */
export class Selection {
  readonly #bar: SelectionBar;
  /** The ids of the selected jobs; null while none can be selected. */
  #chosen: Set<string> | null = null;

  constructor(
    private readonly grid: CardGrid,
    private readonly search: SearchBar,
    private readonly events: {
      /** The jobs that can be selected. */
      jobs(): readonly JobSummary[];
      remove(jobs: readonly JobSummary[]): void;
    },
  ) {
    this.#bar = new SelectionBar({
      all: () => this.#chooseAll(events.jobs()),
      none: () => this.#chooseAll([]),
      remove: () => events.remove(this.#found()),
      end: () => this.turn(false),
    });
  }

  get element(): HTMLElement {
    return this.#bar.element;
  }

  get isOn(): boolean {
    return this.#chosen !== null;
  }

  /** Begins or ends the selection. */
  turn(isOn: boolean): void {
    if (isOn === this.isOn) return;
    this.#chosen = isOn ? new Set() : null;
    this.grid.choose(this.#chosen);
    this.search.showSelecting(isOn);
    if (isOn) this.show();
    else {
      this.#bar.hide();
      this.search.focusSelect();
    }
  }

  choose({ jobId }: JobSummary, isChosen: boolean): void {
    if (isChosen) this.#chosen?.add(jobId);
    else this.#chosen?.delete(jobId);
    this.show();
  }

  /** Shows how many are selected of the jobs that there are now. */
  show(): void {
    if (this.isOn) this.#bar.show(this.#found().length, this.events.jobs().length);
  }

  #chooseAll(jobs: readonly JobSummary[]): void {
    this.#chosen = new Set(jobs.map(({ jobId }) => jobId));
    this.grid.choose(this.#chosen);
    this.show();
  }

  #found(): readonly JobSummary[] {
    return this.events.jobs().filter(({ jobId }) => this.#chosen?.has(jobId));
  }
}
