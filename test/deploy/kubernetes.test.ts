import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { buildTestApi } from '../support/build-test-api.ts';
import { environmentOf, readStages, ROOT } from './dockerfile.ts';
import { mistakesIn, readDocuments, SECONDS_TO_END, standard, unknownOptions } from './manifests.ts';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext: object;
  readonly resources: Record<'requests' | 'limits', { readonly cpu?: string; readonly memory: string }>;
  readonly [probe: `${string}Probe`]: { readonly httpGet: { readonly path: string; readonly port: string } };
}
interface Pod {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: {
    readonly terminationGracePeriodSeconds?: number;
    readonly serviceAccountName: string;
    readonly securityContext: object;
    readonly containers: readonly Container[];
    readonly volumes: readonly { readonly name: string; readonly emptyDir: object }[];
  };
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Record<string, string>;
  // Each kind has a spec of its own; the tests say what they expect of it.
  readonly spec: Record<string, unknown>;
}

const BASE = 'deploy/kubernetes/base';
const [kustomization] = readDocuments<{ resources: string[] }>(`${BASE}/kustomization.yaml`);
const resources = kustomization?.resources ?? [];
const manifests = resources.flatMap((file) => readDocuments<Manifest>(`${BASE}/${file}`));

function find(kind: string, name = 'topshelf'): Manifest {
  const found = manifests.find((each) => each.kind === kind && each.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

const server = find('Deployment').spec.template as Pod;
const job = (find('CronJob', 'topshelf-publish').spec.jobTemplate as { spec: Record<string, unknown> }).spec;
const publisher = job.template as Pod;
const pods = { server, publisher };

function containerOf({ spec }: Pod): Container {
  const [container] = spec.containers;
  if (container === undefined) throw new Error('a pod has no container');
  return container;
}

describe('the manifests for Kubernetes', () => {
  it('are all named by the kustomization, and the overlay builds on it', () => {
    const files = readdirSync(join(ROOT, BASE)).filter((file) => file !== 'kustomization.yaml');
    expect([...resources].sort()).toEqual(files.sort());
    const overlay = 'deploy/kubernetes/overlays/example';
    const [example] = readDocuments<{ resources: string[]; patches: { path?: string }[] }>(
      `${overlay}/kustomization.yaml`,
    );
    expect(example?.resources).toEqual(['../../base']);
    for (const { path } of example?.patches ?? []) {
      if (path === undefined) continue;
      for (const { kind, metadata } of readDocuments<Manifest>(`${overlay}/${path}`))
        expect(find(kind, metadata.name)).toBeDefined();
    }
  });

  it('probe what the ops listener has, on the port where it listens by default', async () => {
    const { ops } = await buildTestApi();
    const { ports = [], ...container } = containerOf(server);
    expect(ports).toEqual([
      { name: 'api', containerPort: standard.api.port },
      { name: 'ops', containerPort: standard.ops.port },
    ]);
    const paths = { startupProbe: '/livez', livenessProbe: '/livez', readinessProbe: '/readyz' } as const;
    for (const [probe, path] of Object.entries(paths) as [keyof typeof paths, string][]) {
      expect(container[probe]?.httpGet, probe).toEqual({ path, port: 'ops' });
      expect(ops.hasRoute({ method: 'GET', url: path }), path).toBe(true);
    }
  });

  it('give a server time to drain, to end what is under way and to close', () => {
    expect(mistakesIn(find('ConfigMap').data ?? {})).toEqual([]);
    expect(find('ConfigMap').data).not.toHaveProperty('TOPSHELF_DRAIN_DELAY_MS');
    expect(server.spec.terminationGracePeriodSeconds).toBeGreaterThan(SECONDS_TO_END);
  });

  it.each(Object.entries(pods))(
    'run the %s as nobody in particular, able to write to its volumes alone',
    (_, pod) => {
      expect(pod.spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const { securityContext, volumeMounts } of pod.spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        const volumes = pod.spec.volumes.map(({ name }) => name);
        expect(volumeMounts.map(({ name }) => name).sort()).toEqual(volumes.sort());
      }
      expect(pod.spec.serviceAccountName).toBe(
        find('ServiceAccount', pod.spec.serviceAccountName).metadata.name,
      );
    },
  );

  it('mount what the image writes to', () => {
    const image = environmentOf(readStages().at(-1) ?? { base: '', name: undefined, instructions: [] });
    const isMounted = (pod: Pod, path = '') =>
      containerOf(pod).volumeMounts.some(({ mountPath }) => `${path}/`.startsWith(`${mountPath}/`));
    expect(isMounted(server, image.TOPSHELF_SAVED_POINTERS)).toBe(true);
    expect(isMounted(publisher, image.TOPSHELF_TEMP_DIR)).toBe(true);
  });

  it('give both more memory than they are told to use', () => {
    const mebibytes = (pod: Pod) => {
      const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(containerOf(pod).resources.limits.memory) ?? [];
      return Number(number) * (unit === 'Gi' ? 1024 : 1);
    };
    expect(mebibytes(server) * 2 ** 20).toBeGreaterThanOrEqual(2 * standard.cacheBytes);
    expect(mebibytes(publisher)).toBeGreaterThanOrEqual(2 * 1024);
  });

  it('name settings and options that exist', async () => {
    for (const pod of Object.values(pods)) {
      const { env = [], args } = containerOf(pod);
      expect(mistakesIn(Object.fromEntries(env.map(({ name, value }) => [name, value])))).toEqual([]);
      expect(await unknownOptions(args)).toEqual([]);
    }
  });

  it('select the pods that they mean: services, budget, policies and constraints', () => {
    const labels = { server: server.metadata.labels, publisher: publisher.metadata.labels };
    expect(labels.server).not.toEqual(labels.publisher);
    expect(find('Deployment').spec.selector).toEqual({ matchLabels: labels.server });
    expect(find('Service').spec.selector).toEqual(labels.server);
    expect(find('Service', 'topshelf-replicas').spec).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: labels.server,
      ports: [{ port: standard.ops.port }],
    });
    expect(find('PodDisruptionBudget').spec.selector).toEqual({ matchLabels: labels.server });
    for (const role of ['server', 'publisher'] as const) {
      const { spec } = find('NetworkPolicy', `topshelf-${role}`);
      expect(spec.podSelector).toEqual({ matchLabels: labels[role] });
    }
  });

  it('wait for replicas by the headless service, on the ops port', () => {
    const replicas = containerOf(publisher).args.find((argument) => argument.startsWith('--replicas='));
    expect(replicas).toBe(
      `--replicas=dns:${find('Service', 'topshelf-replicas').metadata.name}:${standard.ops.port}`,
    );
  });

  it('scale the deployment by a metric that a server has, below where it refuses', () => {
    const { scaleTargetRef, metrics } = find('HorizontalPodAutoscaler').spec as {
      scaleTargetRef: { name: string };
      metrics: { pods?: { metric: { name: string }; target: { averageValue: string } } }[];
    };
    expect(scaleTargetRef.name).toBe(find('Deployment').metadata.name);
    const { metric, target } = metrics.find(({ pods: each }) => each !== undefined)?.pods ?? {};
    expect(createMetrics().registry.getSingleMetric(metric?.name ?? '')).toBeDefined();
    expect(Number(target?.averageValue)).toBeLessThan(standard.maxRequestsInFlight / 2);
  });

  it('try a publishing again for what may pass, never for what a person must look at', () => {
    const { rules } = job.podFailurePolicy as {
      rules: { action: string; onExitCodes?: { containerName: string; values: number[] } }[];
    };
    const failing = rules.find(({ action }) => action === 'FailJob')?.onExitCodes;
    expect(failing?.containerName).toBe(containerOf(publisher).name);
    expect(failing?.values).toEqual([EXIT.gate, EXIT.lostOrHeld, EXIT.usage, EXIT.badData]);
  });
});
