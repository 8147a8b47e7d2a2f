import { Presets, SingleBar } from 'cli-progress';
import type { OnProgress, ProgressEvent } from '../publishing/progress.ts';
import { harmless, type Output } from './output.ts';

/** Shortest time between two lines about writing, in milliseconds. */
const LINE_EVERY_MS = 5_000;

/** Shows progress on stderr: a bar on a terminal, now and then a line elsewhere. */
export function createProgress(stderr: Output): { readonly on: OnProgress; end(): void } {
  const line = (text: string) => stderr.write(`${text}\n`);
  const writing = stderr.isTTY ? createBar(stderr) : createLines(line);
  return {
    on(event) {
      if (event.kind === 'written') {
        writing.written(event.users, event.of);
        return;
      }
      writing.end();
      line(harmless(described(event)));
    },
    end: () => writing.end(),
  };
}

interface Writing {
  written(users: number, of: number): void;
  end(): void;
}

function createBar(stderr: Output): Writing {
  let bar: SingleBar | undefined;
  let begin = { users: 0, at: 0 };
  return {
    written(users, of) {
      const now = performance.now();
      if (bar === undefined) {
        bar = new SingleBar(
          {
            // A stream with isTTY is the process's own.
            stream: stderr as NodeJS.WriteStream,
            format: 'writing {bar} {value}/{total} users, {rate} users/s, {eta_formatted} left',
            hideCursor: true,
          },
          Presets.shades_classic,
        );
        bar.start(of, users, { rate: 0 });
        // A resumed run has users that it did not write: they are no part of its rate.
        begin = { users, at: now };
      }
      const seconds = (now - begin.at) / 1000;
      bar.update(users, { rate: seconds > 0 ? Math.round((users - begin.users) / seconds) : 0 });
    },
    end() {
      bar?.stop();
      bar = undefined;
    },
  };
}

function createLines(line: (text: string) => void): Writing {
  let next = 0;
  return {
    written(users, of) {
      const now = performance.now();
      if (now < next && users < of) return;
      next = now + LINE_EVERY_MS;
      line(`written ${users} of ${of} users (${Math.floor((100 * users) / of)} %)`);
    },
    end() {
      // Lines end by themselves.
    },
  };
}

function described(event: Exclude<ProgressEvent, { kind: 'written' }>): string {
  switch (event.kind) {
    case 'fetching':
      return `fetching ${event.path} (${event.bytes} bytes)`;
    case 'reading':
      return `reading ${event.path}`;
    case 'read':
      return `read ${event.rows} rows of ${event.users} users (${event.duplicates} duplicates)`;
    case 'rejected':
      return `left out ${event.rows} bad rows: ${event.path}`;
    case 'table-created':
      return `created table ${event.table}`;
    case 'resumed':
      return `going on with table ${event.table}: ${event.users} users are written already`;
    case 'loaded-already':
      return `this run has loaded version ${event.version} already: table ${event.table} is sealed`;
    case 'uploaded':
      return `uploaded ${event.users} of ${event.of} users, to be imported`;
    case 'imported':
      return `imported ${event.users} of ${event.of} users`;
    case 'read-back':
      return `read ${event.users} users back: equal`;
    case 'sealed':
      return `sealed version ${event.version}`;
    case 'checking':
      return `checking: ${event.step}`;
    case 'warning':
      return `warning: ${event.message}`;
  }
}
