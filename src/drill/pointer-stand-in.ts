/** What befalls the pointer: half of it is there, one of a lower epoch took its place, or its store is away. */
export type PointerFault = 'corrupt' | 'older' | 'away';

/** Resolves with the real pointer as it is stored now. */
export type ReadPointer = () => Promise<Uint8Array>;

/** Stands before a server of the drill for the pointer store: the real pointer, with faults. It writes no real one. */
export interface PointerStandIn {
  /** The settings by which a server follows it. */
  readonly environment: Readonly<Record<string, string>>;
  /** This happens from now on; undefined: nothing any more. Rejects where the real pointer cannot be read. */
  befall(fault: PointerFault | undefined): Promise<void>;
  close(): Promise<void>;
}
