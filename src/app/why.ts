/**
 * `why`: from the words of a question to a trace, and from a trace to text.
 *
 * @module
 */

import { keyOf, nameOf } from '../lib/key.ts';
import { isProtocol } from '../lib/ports.ts';
import { fail, ok, type Result } from '../lib/result.ts';
import { parseUuid } from '../lib/uuid.ts';
import { wrapped } from '../lib/wrap.ts';
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
  /** Object id that the word `deployer` stands for, where cloister.yaml names another. */
  readonly deployer?: string;
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
  const as =
    question.as === undefined
      ? undefined
      : callerOf(network, question.as, question.deployer ?? defaultDeployer.objectId);
  const { target, port = 443 } = aim.value;
  return walk(network, { from: from.value, to: target, port, protocol, ...(as ? { as } : {}) });
}

/** A name that names nothing, with what it may have meant. */
export function naming(flag: string, problem: NamingProblem): InputError {
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

function callerOf(network: Network, text: string, deployer: string): Caller {
  const found = findCaller(network, text, deployer);
  if (found.ok) return found.value;
  throw naming('--as', found.error);
}

/**
 * `anonymous`, `key`, `deployer`, an object id, somebody of the directory (`user/ada@example.org`, `group/x`, `app/y`),
 * or a resource with an identity (`workspace/ml`, `vm/jumpbox`).
 */
export function findCaller(network: Network, text: string, deployer: string): Result<Caller, NamingProblem> {
  const wanted = text.toLowerCase();
  if (wanted === 'anonymous' || wanted === 'key') return ok({ kind: wanted, label: wanted });
  if (wanted === 'deployer') return ok({ kind: 'principal', label: 'deployer', objectId: deployer });
  const guid = parseUuid(text);
  if (guid !== undefined) return ok({ kind: 'principal', label: guid, objectId: guid });
  const people = [...network.principals.values()].flatMap(({ id, label }) =>
    label === undefined ? [] : [{ id, objectId: id, label }],
  );
  const resources = [...network.identities].map(([id, objectId]) => {
    const kind = id.split('/').at(-2) ?? '';
    return { id, objectId, label: `${words[kind] ?? kind}/${nameOf(id)}` };
  });
  const known = [...people, ...resources];
  const found = known.filter(({ id, label }) =>
    [keyOf(label), keyOf(label).slice(label.indexOf('/') + 1), id].includes(wanted),
  );
  const [only] = found;
  if (only && found.length === 1)
    return ok({ kind: 'principal', label: only.label, objectId: only.objectId });
  const candidates = ['anonymous', 'key', 'deployer', ...known.map((item) => item.label)];
  return fail({ message: `there is no caller '${text}'`, candidates });
}

/** Exit code of an answer: 0 delivered, 3 undecided, 1 otherwise. */
export function exitCodeOf(trace: Trace): 0 | 1 | 3 {
  return trace.disposition === 'delivered' ? 0 : trace.disposition === 'unknown' ? 3 : 1;
}

/** Prints an answer for people, no wider than the columns: how it ends, the steps, what would mend it. */
export function whyText(trace: Trace, columns = 80): string {
  const port = trace.port === 443 ? '' : `:${trace.port}`;
  const as = trace.as === null ? '' : ` as ${trace.as}`;
  const reached = [trace.name, trace.address].filter((part) => part !== null).join(', ');
  const width = Math.max(...trace.steps.map((step) => step.stage.length), 0);
  const marks = { pass: '✓', stop: '✗', unknown: '?' } as const;
  const lines = [
    ...wrapped(`${trace.disposition}: `, `${trace.from} -> ${trace.to}${port}${as}`, columns),
    ...(trace.address === null ? [] : wrapped('  ', `(${reached})`, columns)),
    '',
    ...trace.steps.flatMap(({ outcome, stage, says }) =>
      wrapped(`  ${marks[outcome]} ${stage.padEnd(width)}  `, says, columns),
    ),
  ];
  if (trace.blockers.length > 0) {
    lines.push('', 'in the way:');
    for (const { resource, property, is, needs } of trace.blockers) {
      lines.push(...wrapped('  ', `${nameOf(resource)}  ${property}`, columns));
      lines.push(...wrapped('    ', `is ${is}; needs ${needs}`, columns));
    }
  }
  if (trace.assumed.length > 0) {
    const list = `${trace.assumed.join(', ')} (docs/semantics/assumed.md)`;
    lines.push('', ...wrapped('assumed: ', list, columns));
  }
  return `${lines.join('\n')}\n`;
}
