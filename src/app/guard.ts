/**
 * The guard of a running estate: it refuses what would break an intent that holds (docs/adr/0022-guard.md).
 *
 * A change that says nothing about the network is let through unseen. For any other the network is compiled as it would
 * be, which compiles what changes, and the intents are asked again, which works out what the change could touch.
 *
 * @module
 */

import type { Guard as Guarding } from '../arm/apply.ts';
import { ArmError } from '../arm/error.ts';
import { type Change, changed, type Estate } from '../arm/resource.ts';
import { keyOf, nameOf } from '../lib/key.ts';
import type { Fact } from '../net/facts.ts';
import type { Linked } from '../net/link.ts';
import { networkOf, saysSomething } from '../providers/network-of.ts';
import { broken, holding, type State } from '../verify/guard.ts';
import type { Intent, Outcome } from '../verify/intents/intent.ts';
import { Model } from '../verify/model.ts';
import { fingerprintOf, stands } from '../verify/reach/fingerprint.ts';
import { Prover } from '../verify/reach/prover.ts';
import type { Config } from './config.ts';
import { spelledOut } from './proof.ts';

/** Diagrams that are kept for the next question; with more, the prover starts anew. Edges of 8 bytes. */
const mostEdges = 1 << 20;

/** Broken intents that an error lists. */
const mostTold = 10;

/** A state of the estate that was judged. */
interface Judged extends State {
  readonly linked: Linked;
  readonly held: readonly Intent[];
}

/** Judges changes. Nothing but what it remembers of the last one changes here. */
export class Guard implements Guarding {
  readonly #beside: readonly Fact[];
  readonly #configs: readonly Config[];
  readonly #deployer: string;
  #prover = new Prover();
  #last: Judged | undefined;

  /** `beside` is what the configs say of the network; `deployer` the object id of who deploys. */
  constructor(beside: readonly Fact[], configs: readonly Config[], deployer: string) {
    this.#beside = beside;
    this.#configs = configs;
    this.#deployer = deployer;
  }

  /** How many questions were worked out so far. */
  get worked(): number {
    return this.#prover.worked;
  }

  check(before: Estate, change: Change): void {
    if (!saysSomething(before, change)) return;
    if (this.#prover.algebra.store.edges > mostEdges) {
      this.#prover = new Prover();
      this.#last = undefined;
    }
    const standing = this.#judge(before);
    const linked = networkOf({ all: () => changed(before, change) }, this.#beside, standing.linked);
    const gone = new Set(change.deletes.map(keyOf));
    const found = broken(standing, this.#stateOf(linked), (id) => gone.has(keyOf(id)));
    if (found.length > 0) throw refusal(change, found);
  }

  /** The estate as it is. Most changes come one after the other, so it is as it was or nearly so. */
  #judge(estate: Estate): Judged {
    const last = this.#last;
    const linked = networkOf(estate, this.#beside, last?.linked);
    if (last && isSame(last.linked, linked)) return last;
    const state = this.#stateOf(linked);
    this.#last = { ...state, linked, held: holding(state.model, state.own) };
    return this.#last;
  }

  #stateOf({ network }: Linked): State {
    const model = new Model({ network, today: '', prover: this.#prover });
    // What names nothing now may name something later.
    const own = this.#configs
      .flatMap(({ intents }) => intents)
      .flatMap((intent) => {
        const spelled = spelledOut(model, intent, this.#deployer);
        return spelled.ok ? spelled.value : [];
      });
    return { model, own };
  }
}

/** Reports whether nothing changed that an answer could rest on. */
function isSame(one: Linked, other: Linked): boolean {
  const then = fingerprintOf(one.network, []);
  const now = fingerprintOf(other.network, [then]);
  return stands(then.tables, then, now) && then.tables.size === now.tables.size;
}

function refusal({ writes, deletes }: Change, found: readonly Outcome[]): ArmError {
  const [first] = found;
  const [target = ''] = [...writes.map(({ id }) => id), ...deletes];
  const more = found.length > 1 ? ` So would ${found.length - 1} more, in the details.` : '';
  return new ArmError(
    'RequestDisallowedByGuard',
    `The guard does not let '${nameOf(target)}' be changed so: it would break what holds now. ${first ? sentence(first) : ''}${more} Change it in another way, say \`may\` in cloister.yaml, or turn the guard off with 'cloister up --no-guard'.`,
    {
      target,
      details: found
        .slice(0, mostTold)
        .map(
          (outcome) =>
            new ArmError('RequestDisallowedByGuard', sentence(outcome), { target: decider(outcome) }),
        ),
    },
  );
}

/** `internet must not reach vault/kv: internet -> vault/kv:443 would be delivered by kv (kv lets it in: ...).` */
function sentence({ says, asked, witness }: Outcome): string {
  if (!asked || !witness) return `Broken: ${says}.`;
  const { from, to, port } = asked.flow;
  const last = witness.steps.at(-1);
  const by = last ? ` by ${nameOf(last.resource)} (${last.says})` : '';
  return `Broken: ${says}. ${from.label} -> ${to.label}:${port} would be ${witness.disposition}${by}.`;
}

function decider({ witness, asked }: Outcome): string {
  return witness?.steps.at(-1)?.resource ?? asked?.flow.to.label ?? '';
}
