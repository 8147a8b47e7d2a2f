import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/** One instruction of a Dockerfile, its lines joined. */
export interface Instruction {
  readonly keyword: string;
  readonly text: string;
}

/** One stage: its base, with the build's arguments filled in, and what follows. */
export interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** The stages of the image, in order. */
export function readStages(): Stage[] {
  const instructions = parse(readFileSync(join(ROOT, 'deploy/docker/Dockerfile'), 'utf8'));
  const defaults = new Map<string, string>();
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const instruction of instructions) {
    const { keyword, text } = instruction;
    if (keyword === 'FROM') {
      const [image = '', , name] = text.split(/\s+/);
      const base = image.replace(/\$\{(\w+)\}/g, (_, argument: string) => defaults.get(argument) ?? '');
      stages.push({ base, name, instructions: [] });
    } else if (stages.length === 0) {
      const [name = '', value = ''] = text.split('=');
      defaults.set(name, value);
    } else {
      stages.at(-1)?.instructions.push(instruction);
    }
  }
  return stages;
}

/** The words of a COPY: its sources, its target, and the stage they come from. */
export function copyOf({ text }: Instruction): {
  from: string | undefined;
  sources: string[];
  target: string;
} {
  const words = text.split(/\s+/);
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}

/** The variables that a stage sets. */
export function environmentOf({ instructions }: Stage): Record<string, string> {
  const pairs = instructions
    .filter(({ keyword }) => keyword === 'ENV')
    .flatMap(({ text }) => text.split(/\s+/).map((pair) => pair.split('=') as [string, string]));
  return Object.fromEntries(pairs);
}

function parse(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  return lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => {
      const at = line.indexOf(' ');
      return {
        keyword: line.slice(0, at),
        text: line
          .slice(at + 1)
          .replaceAll(/\s+/g, ' ')
          .trim(),
      };
    });
}
