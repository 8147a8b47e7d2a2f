interface Finding {
  readonly severity: string;
  readonly range: string;
}
interface AuditReport {
  readonly metadata?: { readonly vulnerabilities?: { readonly total?: number } };
  readonly vulnerabilities?: Readonly<Record<string, Finding>>;
  readonly message?: string;
}

/** What `npm audit --json` found out, in words; `passed` is false only where it found something. */
export function readAudit(stdout: string, stderr: string): { passed: boolean; text: string } {
  const report = parse(stdout);
  const total = report.metadata?.vulnerabilities?.total;
  if (total === undefined) {
    const [why = 'no answer'] = [report.message ?? stderr.trim().split('\n').at(0)].filter(Boolean);
    return { passed: true, text: `NOT AUDITED: the registry could not be asked for advisories (${why}).` };
  }
  if (total === 0) return { passed: true, text: 'no known vulnerability in what is deployed' };
  const findings = Object.entries(report.vulnerabilities ?? {}).map(
    ([name, { severity, range }]) => `  ${name} ${range}: ${severity}`,
  );
  return {
    passed: false,
    text: [`${total} known vulnerabilities; "npm audit" tells more:`, ...findings].join('\n'),
  };
}

function parse(text: string): AuditReport {
  try {
    return JSON.parse(text) as AuditReport;
  } catch {
    return {};
  }
}
