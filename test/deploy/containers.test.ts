import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildTestApi } from '../support/build-test-api.ts';
import { readStages, ROOT } from './dockerfile.ts';
import { mistakesIn, readDocuments, SECONDS_TO_END, standard, unknownOptions } from './manifests.ts';

/** The volumes that the image declares. */
const written = readStages()
  .flatMap(({ instructions }) => instructions)
  .filter(({ keyword }) => keyword === 'VOLUME')
  .flatMap(({ text }) => JSON.parse(text) as string[]);

/** Fails unless a check of health asks the ops listener, by a route that it has. */
async function expectProbe(command: readonly string[], path: string): Promise<void> {
  expect(command.slice(0, 3)).toEqual(['CMD', 'node', '-e']);
  const [, port, asked] = /fetch\('http:\/\/127\.0\.0\.1:(\d+)(\/\w+)'\)/.exec(command[3] ?? '') ?? [];
  expect({ port: Number(port), asked }).toEqual({ port: standard.ops.port, asked: path });
  const { ops } = await buildTestApi();
  expect(ops.hasRoute({ method: 'GET', url: path })).toBe(true);
}

describe('the ECS task definition', () => {
  interface ContainerDefinition {
    readonly command: string[];
    readonly user: string;
    readonly stopTimeout: number;
    readonly portMappings: { containerPort: number }[];
    readonly environment: { name: string; value: string }[];
    readonly mountPoints: { containerPath: string; readOnly: boolean }[];
    readonly healthCheck: { command: string[]; startPeriod: number };
  }
  const definition = JSON.parse(readFileSync(join(ROOT, 'deploy/ecs/task-definition.json'), 'utf8')) as {
    containerDefinitions: ContainerDefinition[];
  };
  const [container] = definition.containerDefinitions as [ContainerDefinition];

  it('runs a server as nobody in particular, able to write to the image’s volumes alone', () => {
    expect(container).toMatchObject({
      command: ['serve'],
      user: '1000:1000',
      readonlyRootFilesystem: true,
      privileged: false,
      linuxParameters: { capabilities: { drop: ['ALL'] } },
    });
    expect(container.mountPoints.map(({ containerPath }) => containerPath)).toEqual(written);
  });

  it('names ports, settings and a probe that exist, and gives time to drain', async () => {
    const ports = container.portMappings.map(({ containerPort }) => containerPort);
    expect(ports).toEqual([standard.api.port, standard.ops.port]);
    const environment = Object.fromEntries(container.environment.map(({ name, value }) => [name, value]));
    expect(mistakesIn(environment)).toEqual([]);
    expect(environment).toHaveProperty('TOPSHELF_POINTER');
    await expectProbe(container.healthCheck.command, '/livez');
    expect(container.stopTimeout).toBeGreaterThan(SECONDS_TO_END);
  });
});

describe('compose.yaml', () => {
  interface Service {
    readonly image: string;
    readonly user?: string;
    readonly command?: string[];
    readonly environment?: Record<string, string>;
    readonly ports?: string[];
    readonly volumes?: string[];
    readonly tmpfs?: string[];
    readonly depends_on?: string[] | Record<string, object>;
    readonly healthcheck?: { readonly test: string[] };
    readonly stop_grace_period?: string;
    readonly cap_drop?: string[];
  }
  const folder = 'deploy/compose';
  const [compose] = readDocuments<{ services: Record<string, Service> }>(`${folder}/compose.yaml`);
  const services = compose?.services ?? {};
  const ours = Object.entries(services).filter(([, { image }]) => image === 'topshelf');

  it.each(Object.entries(services))(
    'runs %s without root, without capabilities, from a named release',
    (_, service) => {
      expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      expect(service.cap_drop).toEqual(['ALL']);
      expect(service.image).toMatch(/^topshelf$|:v?\d+\.\d+\.\d+$/);
    },
  );

  it('opens ports on loopback alone, those of a server as they are by default', () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    const local = (port: number) => `127.0.0.1:${port}:${port}`;
    expect(services.server?.ports).toEqual([local(standard.api.port), local(standard.ops.port)]);
  });

  it('gives topshelf settings and options that exist, and the folders that it writes to', async () => {
    expect(ours.length).toBeGreaterThan(2);
    for (const [name, { environment = {}, command = [], tmpfs = [] }] of ours) {
      expect(mistakesIn(environment), name).toEqual([]);
      expect(tmpfs.map((each) => each.split(':')[0]).sort(), name).toEqual([...written].sort());
      if (name !== 'prepare') expect(await unknownOptions(command), name).toEqual([]);
    }
  });

  it('has a server that is probed, and time for it to drain', async () => {
    const { healthcheck, stop_grace_period: grace } = services.server ?? {};
    await expectProbe(healthcheck?.test ?? [], '/readyz');
    expect(parseInt(grace ?? '0')).toBeGreaterThan(SECONDS_TO_END);
  });

  it('names services and files that exist', () => {
    const hosts = ours.flatMap(([, { environment = {}, command = [] }]) =>
      [...Object.values(environment), ...command].flatMap((text) =>
        [...text.matchAll(/(?:(?:https?|zookeeper):\/\/|^)([a-z0-9-]+):\d+/g)].map(([, host]) => host ?? ''),
      ),
    );
    const waitedFor = Object.values(services).flatMap(({ depends_on: names = [] }) =>
      Array.isArray(names) ? names : Object.keys(names),
    );
    expect(hosts).toEqual(expect.arrayContaining(['zookeeper', 'dynamodb', 's3', 'server']));
    expect([...hosts, ...waitedFor].filter((name) => !(name in services))).toEqual([]);
    const mounted = Object.values(services).flatMap(({ volumes = [] }) =>
      volumes.map((each) => each.split(':')[0] ?? ''),
    );
    expect(mounted.filter((path) => !existsSync(join(ROOT, folder, path)))).toEqual([]);
  });

  it('lets Prometheus scrape the server as the rules name it, and Grafana find Prometheus', () => {
    const [prometheus] = readDocuments<{ scrape_configs: { job_name: string; static_configs: object[] }[] }>(
      `${folder}/prometheus.yaml`,
    );
    expect(prometheus?.scrape_configs).toEqual([
      { job_name: 'topshelf', static_configs: [{ targets: [`server:${standard.ops.port}`] }] },
    ]);
    const [grafana] = readDocuments<{ datasources: { type: string; url: string }[] }>(
      `${folder}/grafana/datasources/prometheus.yaml`,
    );
    expect(grafana?.datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }]);
    const [dashboards] = readDocuments<{ providers: { options: { path: string } }[] }>(
      `${folder}/grafana/dashboards/topshelf.yaml`,
    );
    const targets = services.grafana?.volumes?.map((each) => each.split(':')[1]);
    expect(targets).toContain(dashboards?.providers[0]?.options.path);
  });
});
