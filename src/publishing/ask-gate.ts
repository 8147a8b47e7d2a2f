import { GateError } from '../domain/errors.ts';
import type { Pointer } from '../domain/pointer.ts';
import type { Seal } from '../domain/seal.ts';
import { floors } from '../gate/floors.ts';
import { judge, type Verdict } from '../gate/gate.ts';

/** What a verdict is asked about: the sealed candidate, and what is live at that moment (null: nothing). */
export interface GateQuestion {
  readonly candidate: Seal;
  readonly live: Pointer | null;
}

/** Gives the verdict on a candidate. Rejects only where it cannot be asked at all. */
export type Gate = (question: GateQuestion) => Promise<Verdict>;

/** The absolute floors, measured in the candidate's seal. */
export const floorsGate: Gate = async ({ candidate }) => {
  const popularProducts = new Set(candidate.popular.map(([productId]) => productId)).size;
  return judge({ candidate: { users: candidate.users, popularProducts } }, floors);
};

/** Resolves with a passing verdict; throws GateError, with every check that did not pass, for any other. */
export async function askGate(gate: Gate, question: GateQuestion): Promise<Verdict> {
  const verdict = await gate(question);
  if (verdict.passed) return verdict;
  const reasons = verdict.checks
    .filter(({ outcome }) => outcome !== 'passed')
    .map(({ name, outcome, message }) => `  ${name} ${outcome}: ${message}`);
  throw new GateError(
    `version ${question.candidate.version} was stopped by the gate:\n${reasons.join('\n')}`,
  );
}
