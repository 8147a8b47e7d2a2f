import type { Dashboard } from '../dashboard.ts';
import { budget } from './budget.ts';
import { cache } from './cache.ts';
import { publishing } from './publishing.ts';
import { requests } from './requests.ts';
import { runtime } from './runtime.ts';
import { store } from './store.ts';
import { swaps } from './swaps.ts';

/** Every dashboard, in the order in which trouble is looked into. */
export const dashboards: readonly Dashboard[] = [budget, requests, swaps, cache, store, publishing, runtime];
