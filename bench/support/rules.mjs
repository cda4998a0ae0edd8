/**
 * Lists of rules as a network security group compiles into, from a seed.
 */

/** Numbers from 0 to below 1, the same for the same seed. */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const bits = { source: 32, destination: 32, protocol: 8, port: 16, sourcePort: 16 };
const top = (field) => 2 ** bits[field] - 1;

function prefix(next) {
  const size = 2 ** (32 - (16 + Math.floor(next() * 17)));
  const low = 10 * 2 ** 24 + Math.floor((next() * 2 ** 24) / size) * size;
  return [[low, low + size - 1]];
}

function ports(next) {
  const low = Math.floor(next() * 60_000);
  return [[low, next() < 0.7 ? low : low + Math.floor(next() * 1000)]];
}

const row = (match, action, at) => ({ match, action, by: { resource: 'nsg', rule: `rule${at}` } });

/** Rules as people write them. The last denies everything. */
export function random(count, seed) {
  const next = dice(seed);
  const rules = Array.from({ length: count - 1 }, (_, at) => {
    const protocol = next() < 0.7 ? 6 : 17;
    const match = {
      ...(next() < 0.08 ? {} : { source: prefix(next) }),
      destination: prefix(next),
      ...(next() < 0.7 ? { protocol: [[protocol, protocol]] } : {}),
      ...(next() < 0.8 ? { port: ports(next) } : {}),
    };
    return row(match, next() < 0.5 ? 'allow' : 'deny', at);
  });
  return [...rules, row({}, 'deny', count)];
}

/** Rules that each constrain one of four fields. */
export function grid(count, seed) {
  const next = dice(seed);
  const fields = ['source', 'destination', 'port', 'sourcePort'];
  const rules = Array.from({ length: count - 1 }, (_, at) => {
    const field = fields[at % fields.length];
    const low = Math.floor(next() * top(field));
    const high = Math.min(top(field), low + Math.floor(next() * (bits[field] === 32 ? 2 ** 20 : 200)));
    return row({ [field]: [[low, high]] }, next() < 0.5 ? 'allow' : 'deny', at);
  });
  return [...rules, row({}, 'deny', count)];
}

/** The same with each range of sources, or of ports where there is none, cut in two. */
export function halves(rules) {
  return rules.flatMap((one) => {
    const field = ['source', 'port', 'sourcePort', 'destination'].find((name) => one.match[name]);
    const [low, high] = one.match[field]?.[0] ?? [0, 0];
    if (low === high) return [one];
    const middle = Math.floor((low + high) / 2);
    const part = (side) => ({ ...one, match: { ...one.match, [field]: [side] } });
    return [part([low, middle]), part([middle + 1, high])];
  });
}

/** Does one list allow what the other does not? In SMT-LIB, over bit-vectors. */
export function smt(one, other) {
  const declared = Object.entries(bits).map(([field, size]) => `(declare-const ${field} (_ BitVec ${size}))`);
  // Names for what the rest of a list says keep the formula flat: nested terms of this depth exhaust a parser's stack.
  const lines = [];
  const list = (name, rules) => {
    let rest = 'false';
    for (const [at, { match, action }] of [...rules.entries()].reverse()) {
      lines.push(`(define-fun ${name}${at} () Bool (ite ${matches(match)} ${action === 'allow'} ${rest}))`);
      rest = `${name}${at}`;
    }
    return rest;
  };
  const [a, b] = [list('a', one), list('b', other)];
  return `${declared.join('\n')}\n${lines.join('\n')}\n(assert (xor ${a} ${b}))\n`;
}

function matches(match) {
  const sides = Object.entries(match).map(([field, set]) => {
    const number = (value) => `(_ bv${value} ${bits[field]})`;
    const parts = set.map(
      ([low, high]) => `(and (bvule ${number(low)} ${field}) (bvule ${field} ${number(high)}))`,
    );
    return `(or false ${parts.join(' ')})`;
  });
  return `(and true ${sides.join(' ')})`;
}
