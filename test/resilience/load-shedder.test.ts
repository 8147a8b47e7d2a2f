import { describe, expect, it } from 'vitest';
import { recordFigure } from '../support/figures.ts';
import { createLoadShedder, type LoadShedder } from '../../src/resilience/load-shedder.ts';

/** A shedder that learns its lateness from the test, and random numbers that are spread evenly. */
function createMeasured() {
  let tell: (ms: number) => void = () => undefined;
  let isMeasuring = false;
  let drawn = 0;
  const shedder = createLoadShedder({
    maxLatenessMs: 20,
    measure: (onLateness) => {
      tell = onLateness;
      isMeasuring = true;
      return () => (isMeasuring = false);
    },
    random: () => (drawn++ % 100) / 100,
  });
  const sample = (ms: number, times = 1) => {
    for (let index = 0; index < times; index += 1) tell(ms);
  };
  return { shedder, sample, isMeasuring: () => isMeasuring };
}

function admittedOf100(shedder: LoadShedder): number {
  return Array.from({ length: 100 }, () => shedder.admit()).filter(Boolean).length;
}

describe('a load shedder', () => {
  it('sheds nothing while the event loop is in time', () => {
    const { shedder, sample } = createMeasured();
    expect(admittedOf100(shedder)).toBe(100);
    sample(20, 10);
    expect(shedder.shedShare()).toBe(0);
    expect(admittedOf100(shedder)).toBe(100);
  });

  it('takes one late sample for a pause, however late, and sheds nothing for it', () => {
    const { shedder, sample } = createMeasured();
    for (let pause = 0; pause < 10; pause += 1) {
      sample(5000);
      expect(shedder.shedShare()).toBe(0);
      sample(0);
    }
  });

  it('sheds more with every further late sample, and the share it says', () => {
    const { shedder, sample } = createMeasured();
    sample(21);
    const shares = [1, 2, 3].map(() => {
      sample(21);
      return shedder.shedShare();
    });
    expect(shares).toEqual([0.25, 0.5, 0.75]);
    expect(admittedOf100(shedder)).toBe(25);
  });

  it('never sheds all: what still passes shows when the load has gone', () => {
    const { shedder, sample } = createMeasured();
    sample(5000, 100);
    expect(shedder.shedShare()).toBe(0.95);
    expect(admittedOf100(shedder)).toBe(5);
  });

  it('takes work back bit by bit, and all of it in the end', () => {
    const { shedder, sample } = createMeasured();
    sample(5000, 100);
    sample(0);
    expect(shedder.shedShare()).toBeCloseTo(0.9);
    sample(0, 19);
    expect(shedder.shedShare()).toBe(0);
  });

  it('sheds at once after a day without load', () => {
    const { shedder, sample } = createMeasured();
    const day = (24 * 3600 * 1000) / 50;
    sample(0, day);
    sample(500, 2);
    expect(shedder.shedShare()).toBe(0.25);
    recordFigure(27, {
      test: 'a load shedder sheds at once after a day without load',
      tried: day,
      result: 'a quarter is shed at the second late sample, 0.1 s after load began',
    });
  });

  it('stops measuring when it is closed', () => {
    const { shedder, isMeasuring } = createMeasured();
    expect(isMeasuring()).toBe(true);
    shedder.close();
    expect(isMeasuring()).toBe(false);
  });

  it('notices by itself that the event loop was blocked', async () => {
    const shedder = createLoadShedder({ maxLatenessMs: 200 });
    try {
      for (let time = 0; time < 4; time += 1) {
        const until = performance.now() + 600;
        while (performance.now() < until); // what a request would have waited behind
        await new Promise((resolve) => setTimeout(resolve));
      }
      await expect.poll(() => shedder.shedShare(), { interval: 5 }).toBeGreaterThan(0);
      await expect.poll(() => shedder.shedShare(), { timeout: 10_000 }).toBe(0);
    } finally {
      shedder.close();
    }
  });
});
