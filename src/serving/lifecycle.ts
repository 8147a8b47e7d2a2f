/** Where a server's process stands. It goes through these in order, and back in none. */
export type LifecycleState = 'starting' | 'ready' | 'draining' | 'closed';

const ORDER: readonly LifecycleState[] = ['starting', 'ready', 'draining', 'closed'];

/** The one place that holds and changes the state of the process. */
export class Lifecycle {
  readonly #onChange: (from: LifecycleState, to: LifecycleState) => void;
  #state: LifecycleState = 'starting';

  constructor(onChange: (from: LifecycleState, to: LifecycleState) => void) {
    this.#onChange = onChange;
  }

  get state(): LifecycleState {
    return this.#state;
  }

  /** Goes on to `next`; a state that has been passed is ignored (a signal may come before the first version). */
  advance(next: LifecycleState): void {
    if (ORDER.indexOf(next) <= ORDER.indexOf(this.#state)) return;
    const from = this.#state;
    this.#state = next;
    this.#onChange(from, next);
  }
}
