import type { Pointer } from '../../src/domain/pointer.ts';

/** A command as the rules see it. */
export interface Command {
  readonly kind: 'load' | 'activate' | 'rollback' | 'release' | 'block' | 'unblock' | 'prune';
  /** Versions that the gate lets through; only what an activation names matters. */
  readonly isBad?: boolean;
}

/** What a write of the pointer was conditional on. */
export interface Written {
  readonly pointer: Pointer;
  /** The write whose token was expected to be there still; -1 for none. */
  readonly basis: number;
  readonly command: Command;
}

/**
 * What is wrong with a write of the pointer, given the one before it: the rules that publishing promises to keep,
 * whoever else writes, whatever fails and whenever anybody is killed.
 */
export function faultsOf(
  at: number,
  before: Pointer | undefined,
  { pointer, basis, command }: Written,
): string[] {
  const faults: string[] = [];
  const rule = (isKept: boolean, what: string) => {
    if (!isKept) faults.push(`epoch ${pointer.epoch} by ${command.kind}: ${what}`);
  };
  rule(basis === at - 1, `overwrote a pointer that it had not read (${basis}, not ${at - 1})`);
  if (before === undefined) return faults;
  rule(pointer.epoch === before.epoch + 1, `followed epoch ${before.epoch}`);
  rule(!pointer.retired.includes(pointer.version), `made ${pointer.version} live, which is retired`);
  rule(
    !before.quarantined.some(
      ({ version, contentHash }) => version === pointer.version || contentHash === pointer.contentHash,
    ),
    `made quarantined content live: ${pointer.version}`,
  );
  rule(before.hold === null || pointer.hold !== null || command.kind === 'release', 'ended a hold');
  rule(
    before.quarantined.every(({ version }) => pointer.quarantined.some((each) => each.version === version)),
    'let a version out of quarantine',
  );
  rule(
    command.kind === 'unblock' || before.blocked.every((productId) => pointer.blocked.includes(productId)),
    'let a blocked product back in',
  );
  if (pointer.version === before.version) {
    rule(command.kind !== 'activate' && command.kind !== 'rollback', 'changed nothing');
    return faults;
  }
  rule(command.kind === 'activate' || command.kind === 'rollback', 'changed what is live');
  rule(command.kind === 'rollback' || before.hold === null, 'went live under a hold');
  rule(command.isBad !== true, 'made a version live that the gate had stopped');
  if (command.kind === 'rollback') {
    rule(pointer.hold !== null, 'went back without a hold');
    rule(
      pointer.quarantined.some(({ version }) => version === before.version),
      `left ${before.version} and did not quarantine it`,
    );
  }
  return faults;
}
