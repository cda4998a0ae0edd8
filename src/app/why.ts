/**
 * `why`: from the words of a question to a trace, and from a trace to text.
 *
 * @module
 */

import { keyOf, nameOf } from '../lib/key.ts';
import { isProtocol } from '../lib/ports.ts';
import { parseUuid } from '../lib/uuid.ts';
import type { Caller } from '../net/callers.ts';
import type { Network } from '../net/model.ts';
import { Names, type NamingProblem } from '../net/places.ts';
import type { Trace } from '../net/trace.ts';
import { walk } from '../net/walk.ts';
import { defaultDeployer } from './defaults.ts';
import { InputError } from './problem.ts';

/** A question in words. */
export interface Question {
  readonly from: string;
  readonly to: string;
  readonly protocol?: string;
  readonly as?: string;
}

/** Answers a question. Throws InputError where it names what is not there. */
export function why(network: Network, question: Question, names = new Names(network)): Trace {
  const from = names.place(question.from);
  if (!from.ok) throw naming('--from', from.error);
  const aim = names.target(question.to);
  if (!aim.ok) throw naming('--to', aim.error);
  const protocol = (question.protocol ?? 'tcp').toLowerCase();
  if (!isProtocol(protocol))
    throw new InputError({ message: `--protocol ${protocol}: write tcp, udp, icmp, esp or ah` });
  const as = question.as === undefined ? undefined : callerOf(network, question.as);
  const { target, port = 443 } = aim.value;
  return walk(network, { from: from.value, to: target, port, protocol, ...(as ? { as } : {}) });
}

function naming(flag: string, problem: NamingProblem): InputError {
  const most = 20;
  const shown = problem.candidates.slice(0, most).map((label) => `  ${label}`);
  const more = problem.candidates.length > most ? [`  ... and ${problem.candidates.length - most} more`] : [];
  return new InputError({ message: [`${flag}: ${problem.message}`, ...shown, ...more].join('\n') });
}

const words: Readonly<Record<string, string>> = {
  virtualmachines: 'vm',
  workspaces: 'workspace',
  onlineendpoints: 'endpoint',
  computes: 'compute',
};

/** `anonymous`, `key`, `deployer`, an object id, or a resource with an identity (`workspace/ml`, `vm/jumpbox`). */
function callerOf(network: Network, text: string): Caller {
  const wanted = text.toLowerCase();
  if (wanted === 'anonymous' || wanted === 'key') return { kind: wanted, label: wanted };
  if (wanted === 'deployer')
    return { kind: 'principal', label: 'deployer', objectId: defaultDeployer.objectId };
  const guid = parseUuid(text);
  if (guid !== undefined) return { kind: 'principal', label: guid, objectId: guid };
  const known = [...network.identities].map(([id, objectId]) => {
    const kind = id.split('/').at(-2) ?? '';
    return { id, objectId, label: `${words[kind] ?? kind}/${nameOf(id)}` };
  });
  const found = known.filter(({ id, label }) => keyOf(label) === wanted || id === wanted);
  const [only] = found;
  if (only && found.length === 1) return { kind: 'principal', label: only.label, objectId: only.objectId };
  const candidates = ['anonymous', 'key', 'deployer', ...known.map((item) => item.label)];
  throw naming('--as', { message: `there is no caller '${text}'`, candidates });
}

/** Exit code of an answer: 0 delivered, 3 undecided, 1 otherwise. */
export function exitCodeOf(trace: Trace): 0 | 1 | 3 {
  return trace.disposition === 'delivered' ? 0 : trace.disposition === 'unknown' ? 3 : 1;
}

/** Prints an answer for people: how it ends, the steps, what would mend it. */
export function whyText(trace: Trace): string {
  const port = trace.port === 443 ? '' : `:${trace.port}`;
  const as = trace.as === null ? '' : ` as ${trace.as}`;
  const reached =
    trace.address === null
      ? ''
      : ` (${[trace.name, trace.address].filter((part) => part !== null).join(', ')})`;
  const lines = [`${trace.disposition}: ${trace.from} -> ${trace.to}${port}${as}`];
  if (reached !== '') lines.push(`  ${reached.trim()}`);
  const width = Math.max(...trace.steps.map((step) => step.stage.length), 0);
  const marks = { pass: '✓', stop: '✗', unknown: '?' } as const;
  lines.push(
    '',
    ...trace.steps.map((step) => `  ${marks[step.outcome]} ${step.stage.padEnd(width)}  ${step.says}`),
  );
  if (trace.blockers.length > 0) {
    lines.push('', 'in the way:');
    for (const { resource, property, is, needs } of trace.blockers) {
      lines.push(`  ${nameOf(resource)}  ${property}`, `    is ${is}; needs ${needs}`);
    }
  }
  if (trace.assumed.length > 0)
    lines.push('', `assumed: ${trace.assumed.join(', ')} (docs/semantics/assumed.md)`);
  return `${lines.join('\n')}\n`;
}
