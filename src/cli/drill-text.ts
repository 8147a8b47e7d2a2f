import type { AnswerCount, DrillReport, RehearsalReport } from '../drill/drill.ts';

/** A drill's report for people: a paragraph a rehearsal. */
export function drillText(report: DrillReport): string {
  const { placement, version, epoch, users, usersLeftOut, rehearsals, requestDeadlineMs } = report;
  const leftOut = usersLeftOut > 0 ? ` (${usersLeftOut} others have no prediction)` : '';
  const passed = rehearsals.filter(({ verdict }) => verdict === 'passed').length;
  return [
    `placement ${placement}, version ${version}, epoch ${epoch}, ${users} users${leftOut}`,
    ...rehearsals.map((each) => rehearsalText(each, requestDeadlineMs)),
    `${passed} of ${rehearsals.length} rehearsals passed`,
  ].join('\n\n');
}

function rehearsalText(report: RehearsalReport, deadlineMs: number): string {
  const { name, what, verdict, failures, requests, answers, errors } = report;
  return [
    `${verdict}  ${name}: ${what}`,
    `  ${requests} requests, ${errors === 0 ? 'no' : errors} errors: ${answers.map(countText).join(', ') || 'no answers'}`,
    `  ${timesText(report, deadlineMs)}`,
    ...failures.map((failure) => `  failed: ${failure}`),
  ].join('\n');
}

function countText({ source, reason, answers }: AnswerCount): string {
  return `${answers} ${source}${reason === null ? '' : ` (${reason})`}`;
}

function timesText(
  { slowestMs, personalizedAgainAfterSeconds }: RehearsalReport,
  deadlineMs: number,
): string {
  const slowest =
    slowestMs === null ? 'nothing was measured' : `the slowest took ${slowestMs} ms of ${deadlineMs}`;
  return personalizedAgainAfterSeconds === null
    ? `${slowest}; not personalized again`
    : `${slowest}; personalized again after ${personalizedAgainAfterSeconds} s`;
}
