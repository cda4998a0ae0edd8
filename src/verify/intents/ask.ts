/**
 * Whether intents hold: a flow for every address that its place may have, a right by the roles of who needs it.
 *
 * @module
 */

import type { Intervals } from '../../lib/intervals.ts';
import { roleFor } from '../../net/callers.ts';
import { internetClient } from '../../net/tags.ts';
import type { Flow } from '../../net/walk.ts';
import type { Model } from '../model.ts';
import type { Question } from '../reach/question.ts';
import { type Intent, type Outcome, sayIntent } from './intent.ts';

/** Asks an intent. A flow that decides it comes along. */
export function askIntent(model: Model, intent: Intent): Outcome {
  const says = sayIntent(intent);
  const { origin } = intent;
  if (intent.kind === 'do') {
    const holds = isAllowed(model, intent) === (intent.mode === 'must');
    return { says, holds, disposition: null, origin, asked: null, witness: null };
  }
  const { flow, sources } = intent;
  // Who must get in from the internet is a client there, as `why` asks for one; who must not is everybody.
  const one = intent.mode === 'must' && flow.from.kind === 'internet';
  const answer = model.prove(questionOf(flow, one ? [[internetClient, internetClient]] : sources));
  const against = intent.mode === 'must' ? answer.denied : answer.delivered;
  const [region] = [...against, ...answer.unknown, ...answer.delivered, ...answer.denied];
  const undecided = answer.unknown.length > 0 || answer.budget;
  const holds = against.length > 0 ? false : undecided ? 'unknown' : true;
  const witness = region?.trace ?? null;
  return { says, holds, disposition: witness?.disposition ?? null, origin, asked: intent, witness };
}

function questionOf({ from, to, port, protocol, as }: Flow, sources: Intervals | undefined): Question {
  return {
    from,
    to,
    protocols: [protocol],
    ports: [[port, port]],
    ...(sources ? { sources } : {}),
    ...(as ? { as } : {}),
  };
}

function isAllowed({ network }: Model, { as, action, on }: Extract<Intent, { kind: 'do' }>): boolean {
  if (as.kind !== 'principal') return false;
  return (['control', 'data'] as const).some((plane) => roleFor(network, as.objectId, action, plane, on));
}
