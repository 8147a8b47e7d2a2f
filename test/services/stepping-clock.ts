/**
 * Preloaded into a server (`node --import`), it sets that process's wall clock to another time, as if the machine's had
 * been: `TOPSHELF_TEST_CLOCK_STEPS` has seconds separated by commas; the first holds from the start, and every SIGCONT
 * goes on to the next. The clock by which time is measured (`performance.now()`) goes on evenly, as the kernel's does.
 */
const steps = (process.env.TOPSHELF_TEST_CLOCK_STEPS ?? '0').split(',').map(Number);
let step = 0;
const now = Date.now.bind(Date);
const stepped = () => now() + (steps[step] ?? 0) * 1000;

process.on('SIGCONT', () => (step = Math.min(step + 1, steps.length - 1)));

globalThis.Date = class extends Date {
  constructor(...time: unknown[]) {
    // @ts-expect-error: any of Date's ways to be made, passed on
    super(...(time.length === 0 ? [stepped()] : time));
  }
  static override now(): number {
    return stepped();
  }
} as DateConstructor;
