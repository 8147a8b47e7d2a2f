/**
 * The real services that `npm run test:services` starts; each has its test files, named `<service>*.test.ts`. Those
 * named `faults*.test.ts` need them all.
 */
export const SERVICES = [
  'dynamodb',
  's3',
  'zookeeper',
  'moto',
  'toxiproxy',
  'prometheus',
  'browser',
] as const;
export type Service = (typeof SERVICES)[number];

export interface S3Endpoint {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

export interface PrometheusEndpoint {
  readonly url: string;
  /** Its folder: what it scrapes stands in targets.json, its rules lie in rules/. */
  readonly folder: string;
}

export interface ServiceEndpoints {
  /** URL of DynamoDB Local. Any region and credentials will do. */
  readonly dynamodb: string;
  readonly s3: S3Endpoint;
  /** URL of moto, which stands for S3 and DynamoDB at once. Any region and credentials will do. */
  readonly moto: string;
  readonly prometheus: PrometheusEndpoint;
  /** `host:port` of one ZooKeeper server. */
  readonly zookeeper: string;
  /** URL of toxiproxy's API. */
  readonly toxiproxy: string;
}

/**
 * Where the services listen. A service's address is looked up when it is read, so that a test needs no other service
 * than its own. Throws Error where the harness has not given it.
 */
export function serviceEndpoints(): ServiceEndpoints {
  return {
    get dynamodb() {
      return given('TOPSHELF_TEST_DYNAMODB');
    },
    get s3() {
      return {
        endpoint: given('TOPSHELF_TEST_S3'),
        bucket: given('TOPSHELF_TEST_S3_BUCKET'),
        accessKeyId: given('TOPSHELF_TEST_S3_ACCESS_KEY_ID'),
        secretAccessKey: given('TOPSHELF_TEST_S3_SECRET_ACCESS_KEY'),
        region: given('TOPSHELF_TEST_S3_REGION'),
      };
    },
    get moto() {
      return given('TOPSHELF_TEST_MOTO');
    },
    get prometheus() {
      return {
        url: given('TOPSHELF_TEST_PROMETHEUS'),
        folder: given('TOPSHELF_TEST_PROMETHEUS_FOLDER'),
      };
    },
    get zookeeper() {
      return given('TOPSHELF_TEST_ZOOKEEPER');
    },
    get toxiproxy() {
      return given('TOPSHELF_TEST_TOXIPROXY');
    },
  };
}

/** A service's process id: tests stop it (SIGSTOP) and let it go on (SIGCONT) to see an outage and the recovery. */
export function servicePid(service: Service): number {
  return Number(given(`TOPSHELF_TEST_${service.toUpperCase()}_PID`));
}

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new Error(
      `${name} is not set: these tests need real services; run them with "npm run test:services"`,
    );
  }
  return value;
}
