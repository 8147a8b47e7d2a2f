import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/** What each folder of src may import from others. Composition roots (cli) alone name adapters. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  domain: [],
  resilience: ['domain'],
  gate: ['domain'],
  config: ['domain'],
  pointer: ['domain', 'resilience', 'config'],
  store: ['domain', 'resilience', 'config'],
  archive: ['domain', 'resilience', 'config'],
  serving: ['domain', 'resilience', 'config', 'pointer', 'store'],
  publishing: ['domain', 'resilience', 'gate', 'config', 'pointer', 'store', 'archive'],
  metrics: ['resilience', 'serving'],
  http: ['domain', 'resilience', 'serving', 'metrics'],
  demo: ['domain', 'config'],
  drill: ['domain', 'resilience', 'pointer'],
  // It is installed by others, alone.
  client: [],
  console: ['domain', 'gate', 'pointer', 'store', 'archive', 'publishing', 'http'],
  cli: [
    ...['domain', 'resilience', 'gate', 'config', 'pointer', 'store', 'archive'],
    ...['serving', 'publishing', 'metrics', 'http', 'console', 'demo', 'drill'],
  ],
};

/** The files of a port's folder that are no adapter: all that serving and publishing may know of it. */
const PORTS: Record<string, readonly string[]> = {
  pointer: ['pointer-source.ts', 'pointer-writer.ts', 'codec.ts', 'signature.ts', 'read-file.ts'],
  store: ['prediction-reader.ts', 'prediction-tables.ts', 'table-importer.ts'],
  archive: ['archive.ts'],
  // How an app refuses a request: all that the console shares with the servers.
  http: ['problems.ts', 'client-errors.ts'],
};

/** Libraries that only these files may import. */
const HOMES: readonly (readonly [library: RegExp, files: RegExp])[] = [
  [/^@aws-sdk\/(client|lib-)dynamodb|^@aws-sdk\/client-dynamodb/, /^store\/dynamodb-/],
  [/^@aws-sdk\/client-s3/, /^(pointer|archive)\/s3|^publishing\/input\/s3-files/],
  [/^node-zookeeper-client/, /^pointer\/zookeeper/],
  [/^@duckdb\//, /^publishing\/(input|check)\//],
  [/^undici/, /^store\/dynamodb-http\//],
  [/^opossum/, /^resilience\/breaker/],
  [/^lru-cache/, /^serving\//],
  [/^prom-client/, /^metrics\//],
  [/^(fastify|@fastify\/|ajv)/, /^(http|console)\/|^cli\/start-server/],
  [/^dynalite/, /^demo\//],
  [/^csv-parse/, /^console\/titles/],
  [/^commander|^close-with-grace|^cli-progress|^pino/, /^cli\//],
];

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .map((path) => path.replaceAll('\\', '/'));

const imports: readonly Import[] = files.flatMap((from) => {
  const text = readFileSync(join(SRC, from), 'utf8');
  const specifiers = text.matchAll(
    /(?:^|\n)(?:import|export)[^;'"]*from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)/g,
  );
  return [...specifiers].map((match) => {
    const specifier = match[1] ?? match[2] ?? '';
    const to = specifier.startsWith('.') ? relative(SRC, resolve(SRC, dirname(from), specifier)) : specifier;
    return { from, to: to.replaceAll('\\', '/') };
  });
});

const internal = imports.filter(({ to }) => files.includes(to));
const folderOf = (path: string) => path.split('/')[0] ?? '';
const shown = ({ from, to }: Import) => `${from} → ${to}`;

describe('the source', () => {
  it('is read in full: every folder is known and most files import something', () => {
    expect([...new Set(files.map(folderOf))].filter((folder) => !(folder in MAY_IMPORT))).toEqual(['cli.ts']);
    expect(internal.length).toBeGreaterThan(files.length);
  });

  it('imports downwards only, as the design draws it', () => {
    const wrong = internal.filter(({ from, to }) => {
      const [folder, target] = [folderOf(from), folderOf(to)];
      return folder !== target && folder !== 'cli.ts' && !MAY_IMPORT[folder]?.includes(target);
    });
    expect(wrong.map(shown)).toEqual([]);
  });

  it('lets serving, publishing, drill and the console know ports, never adapters', () => {
    const wrong = internal.filter(({ from, to }) => {
      const ports = PORTS[folderOf(to)];
      return (
        ['serving', 'publishing', 'drill', 'console'].includes(folderOf(from)) &&
        ports !== undefined &&
        !ports.includes(to.split('/')[1] ?? '')
      );
    });
    expect(wrong.map(shown)).toEqual([]);
  });

  it('gives the serving half nothing that writes', () => {
    const wrong = internal.filter(
      ({ from, to }) =>
        folderOf(from) === 'serving' && /prediction-tables|pointer-writer|pointer-changes/.test(to),
    );
    expect(wrong.map(shown)).toEqual([]);
  });

  it('has no cycle', () => {
    expect(cycleAmong(internal)).toEqual([]);
  });

  it('keeps each library in its place', () => {
    const wrong = imports.filter(({ from, to }) =>
      HOMES.some(([library, home]) => library.test(to) && !home.test(from)),
    );
    expect(wrong.map(shown)).toEqual([]);
  });

  it('reads the environment in config alone', () => {
    const wrong = files.filter(
      (path) => folderOf(path) !== 'config' && readFileSync(join(SRC, path), 'utf8').includes('process.env'),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the dashboards', () => {
  it('are made by code that imports nothing but itself and Node', () => {
    const folder = resolve(SRC, '../deploy/grafana');
    const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    );
    const wrong = paths.flatMap((path) =>
      [...readFileSync(join(folder, path), 'utf8').matchAll(/from\s*'([^']+)'/g)]
        .map(([, to]) => ({ from: path, to: to ?? '' }))
        .filter(({ to }) =>
          to.startsWith('.')
            ? relative(folder, resolve(folder, dirname(path), to)).startsWith('..')
            : !to.startsWith('node:'),
        ),
    );
    expect(paths.length).toBeGreaterThan(5);
    expect(wrong.map(shown)).toEqual([]);
  });
});

/** The first cycle found, as the files it goes through; empty where there is none. */
function cycleAmong(arrows: readonly Import[]): string[] {
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const { to } of arrows.filter(({ from }) => from === file)) {
      const cycle = walk(to, [...path, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  for (const file of files) {
    const cycle = walk(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
