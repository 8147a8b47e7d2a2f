import type { Check } from './gate.ts';
import { popularFloor } from './popular-floor.ts';
import { usersFloor } from './users-floor.ts';

/** The checks that need no live version to compare with. */
export const floors: readonly Check[] = [usersFloor, popularFloor];
