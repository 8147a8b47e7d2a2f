import type { Results } from '../../load-tests/results.ts';
import { keyOf, type Outcomes } from './outcomes.ts';
import type { Proof, Row } from './row.ts';

const HEAD = `# Guarantees

What topshelf promises, the test that holds each promise, and what was found when it was tried. \`npm run guarantees\`
writes this page: it runs the tests named here, as often as a record needs, and takes their figures.
\`npm run guarantees -- 1 4\` runs those rows alone, \`--services\` the tests against real services too, and \`--quick\` runs
all of it small and writes nothing. Figures under load are those of [the load tests](../../load-tests/README.md).
`;

/** The page of all guarantees, in Markdown. */
export function guaranteesPage(rows: readonly Row[], outcomes: Outcomes, load: Results | undefined): string {
  const lines = rows.map((row) => {
    const cells = [
      String(row.number),
      row.guarantee,
      provenBy(row, outcomes),
      figuresOf(row, outcomes, load).join('<br>'),
      row.failsWhen ?? '',
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  const table = ['| # | Guarantee | Test | Tried: found | Fails when |', '|--:|---|---|---|---|', ...lines];
  return `${HEAD}\n${table.join('\n')}\n`;
}

function provenBy({ proofs = [], load = [], notProven }: Row, outcomes: Outcomes): string {
  const lines = proofs.map((proof) => `\`${proof.file}\` › ${escaped(proof.title)}${endOf(proof, outcomes)}`);
  for (const scenario of load) lines.push(`load test \`${scenario}\``);
  if (notProven !== undefined) lines.push(`**not proven here**: ${notProven}`);
  return lines.join('<br>');
}

/** How the proof ended, where that is not just well. */
function endOf(proof: Proof, outcomes: Outcomes): string {
  const outcome = outcomes.proofs[keyOf(proof)];
  if (outcome === undefined || outcome.passed + outcome.failed === 0) return ' (not run)';
  return outcome.failed > 0 ? ` (**${outcome.failed} failed**)` : '';
}

function figuresOf({ number, proofs = [], load: scenarios = [] }: Row, outcomes: Outcomes, load?: Results) {
  const figures = outcomes.figures[number] ?? [];
  const titles = new Set(proofs.map(({ title }) => title));
  const lines = figures.map(({ test, tried, result }) => {
    // One case of many, or part of a test: the title alone does not say which.
    const which = titles.has(test) ? '' : `${test}: `;
    return `${tried.toLocaleString('en')}: ${escaped(which + result)}`;
  });
  const noted = new Set(figures.map(({ test }) => test));
  // A test without a figure of its own has been tried as often as its title stands for.
  for (const proof of proofs) {
    const { passed = 0, failed = 0 } = outcomes.proofs[keyOf(proof)] ?? {};
    if (!noted.has(proof.title) && passed + failed > 0) lines.push(`${passed + failed}: ${failed} failed`);
  }
  for (const scenario of scenarios) lines.push(...loadFigures(scenario, load));
  return lines;
}

function loadFigures(scenario: string, load: Results | undefined): string[] {
  const findings = load?.scenarios[scenario];
  if (findings === undefined) return [`\`${scenario}\` is not recorded`];
  const ratios = findings.ratios.map(({ name, value, unit = '', void: why }) =>
    `${name}: ${value.toPrecision(3)} ${unit}${why === undefined ? '' : ` (void: ${why})`}`.trim(),
  );
  const facts = Object.entries(findings.facts ?? {}).map(
    ([name, value]) => `${name}: ${value.toPrecision(3)}`,
  );
  return [...ratios, ...facts].map(escaped);
}

/** Text that Markdown takes for nothing else. */
function escaped(text: string): string {
  return text.replace(/([*_<>[\]])/g, '\\$1');
}
