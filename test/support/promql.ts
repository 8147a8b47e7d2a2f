import { parser } from '@prometheus-io/lezer-promql';

type Node = ReturnType<typeof parser.parse>['topNode'];

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

/** One metric that a query reads. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** Labels that some aggregation around it goes by. */
  readonly groupedBy: readonly string[];
}

const nodesOf = (node: Node, name: string): Node[] => node.getChildren(name);

/** Every metric that a query reads, read with Prometheus's own grammar. Throws Error where it is no PromQL. */
export function selectorsOf(query: string): Selector[] {
  const text = (node: Node | null) => (node === null ? '' : query.slice(node.from, node.to));
  const found: Selector[] = [];

  function walk(node: Node, groupedBy: readonly string[]): void {
    if (node.type.isError) throw new Error(`not PromQL at character ${node.from}: ${query}`);
    if (node.name === 'VectorSelector') {
      const matchers = node.getChild('LabelMatchers');
      const each = matchers === null ? [] : nodesOf(matchers, 'UnquotedLabelMatcher');
      found.push({
        metric: text(node.getChild('Identifier')),
        matchers: each.map((matcher) => ({
          label: text(matcher.getChild('LabelName')),
          operator: text(matcher.getChild('MatchOp')),
          value: text(matcher.getChild('StringLiteral')).slice(1, -1),
        })),
        groupedBy,
      });
    }
    const modifier = node.name === 'AggregateExpr' ? node.getChild('AggregateModifier') : null;
    const labels = modifier?.getChild('By') ? modifier.getChild('GroupingLabels') : null;
    const names = labels ? nodesOf(labels, 'LabelName').map(text) : [];
    // An aggregation keeps what one inside it kept; only the innermost sees the metric's own labels, and all must.
    for (let child = node.firstChild; child !== null; child = child.nextSibling)
      walk(child, [...groupedBy, ...names]);
  }

  walk(parser.parse(query).topNode, []);
  return found;
}
