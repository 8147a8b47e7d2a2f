import { createMemoryArchive } from '../../src/archive/memory.ts';
import { archiveContract } from '../contracts/archive.contract.ts';

archiveContract('memory', async () => createMemoryArchive());
