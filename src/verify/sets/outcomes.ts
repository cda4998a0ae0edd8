/**
 * Terminals and what they mean. Numbers are shared by all stores that share the list.
 *
 * A first-match table is a product of its rows: of two neighbours the first decides where it matches. Rows of which
 * nobody knows whether they match (an unknown service tag) go into the product as well, so a terminal holds what
 * `decide` in net/table.ts holds half-way: the row that decides, the first that may, and the first that may and would
 * come to something else. The product is associative, and that is what lets a table be built by halves.
 *
 * @module
 */

/**
 * Kinds of terminals, as bits: a diagram carries those of all its terminals, which tells whether it need be looked into.
 * `open`: later rows still matter. `closed`: they do not. `doubt`: some row before only may match.
 */
export const trait = { nothing: 1, everything: 2, open: 4, closed: 8, doubt: 16 } as const;

/** A list of terminals, as a store sees it. */
export interface Traits {
  traitsOf(terminal: number): number;
}

/** A row that only may match: what it would do, and what is missing to say whether it does. */
export interface Maybe {
  readonly label: string;
  readonly missing: string;
}

/** What the rows so far come to. `decided` absent: nothing so far matches for certain. */
export interface Halfway {
  readonly decided?: string;
  readonly maybe?: Maybe;
  readonly rival?: Maybe;
}

/** What a table answers. */
export type Outcome =
  | { readonly kind: 'row'; readonly label: string }
  | { readonly kind: 'unknown'; readonly missing: string }
  | { readonly kind: 'none' };

/** The list. Terminals 0 and 1 are `nothing` and `everything`. */
export class Outcomes implements Traits {
  readonly #partials: (Halfway | undefined)[] = [{}, undefined];
  readonly #outcomes: (Outcome | undefined)[] = [{ kind: 'none' }, undefined];
  readonly #traits: number[] = [trait.nothing, trait.everything];
  readonly #known = new Map<string, number>();
  readonly #rows = new Map<string, number>();
  readonly #products = new Map<number, number>();

  traitsOf(value: number): number {
    return this.#traits[value] as number;
  }

  /** The terminal of rows half-way. */
  halfway(partial: Halfway): number {
    if (partial.decided === undefined && !partial.maybe) return 0;
    const { decided, maybe, rival } = partial;
    const traits = (decided === undefined ? trait.open : trait.closed) | (maybe ? trait.doubt : 0);
    const key = JSON.stringify([decided ?? null, maybe ?? null, rival ?? null]);
    return this.#intern(key, traits, partial, conclude(partial));
  }

  /** The terminal of a row that decides, whatever comes after it. */
  row(label: string): number {
    let value = this.#rows.get(label);
    if (value === undefined) {
      value = this.halfway({ decided: label });
      this.#rows.set(label, value);
    }
    return value;
  }

  /** The terminal of an answer. Answers of certain rows are the same terminals as the rows half-way. */
  outcome(outcome: Outcome): number {
    switch (outcome.kind) {
      case 'none':
        return 0;
      case 'row':
        return this.row(outcome.label);
      case 'unknown':
        return this.#intern(`?${outcome.missing}`, trait.closed, undefined, outcome);
    }
  }

  /** What a terminal answers. */
  answerOf(value: number): Outcome {
    const outcome = this.#outcomes[value];
    if (!outcome) throw new Error(`terminal ${value} is a set and answers nothing`);
    return outcome;
  }

  /** The terminal of rows that come before others. */
  before(first: number, second: number): number {
    const key = first * 2 ** 26 + second;
    let product = this.#products.get(key);
    if (product === undefined) {
      const [a, b] = [this.#partials[first], this.#partials[second]];
      if (!a || !b) throw new Error('only rows can come before others');
      product = this.halfway(compose(a, b));
      this.#products.set(key, product);
    }
    return product;
  }

  #intern(key: string, traits: number, partial: Halfway | undefined, outcome: Outcome): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const value = this.#traits.length;
    this.#known.set(key, value);
    this.#traits.push(traits);
    this.#partials.push(partial);
    this.#outcomes.push(outcome);
    return value;
  }
}

function compose(a: Halfway, b: Halfway): Halfway {
  if (a.decided !== undefined) return a;
  const maybe = a.maybe ?? b.maybe;
  const rival =
    a.rival ??
    (a.maybe ? [b.maybe, b.rival].find((other) => other && other.label !== a.maybe?.label) : b.rival);
  return {
    ...(b.decided === undefined ? {} : { decided: b.decided }),
    ...(maybe ? { maybe } : {}),
    ...(rival ? { rival } : {}),
  };
}

function conclude({ decided, maybe, rival }: Halfway): Outcome {
  if (maybe && maybe.label !== decided) return { kind: 'unknown', missing: maybe.missing };
  if (rival) return { kind: 'unknown', missing: rival.missing };
  return decided === undefined ? { kind: 'none' } : { kind: 'row', label: decided };
}
