/**
 * Invents data.csv: 120 hospital stays. No real person is in it.
 *
 * stay_days = 0.8 + 0.03 age + 1.2 severity + 0.45 comorbidities + 0.6 prior_admissions + noise (sd 0.5)
 *
 * Run `node make-data.mjs` to write the file again; the same bytes come out every time, because the generator is
 * seeded and uses nothing but exact or correctly rounded arithmetic.
 *
 * @module
 */

import { writeFileSync } from 'node:fs';

let state = 20261122;

/** Returns the next number in [0, 1): a 32 bit xorshift. */
function uniform() {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

/** Returns a whole number from low to high, both included. */
function whole(low, high) {
  return low + Math.floor(uniform() * (high - low + 1));
}

/** Returns nearly normal noise of mean 0 and standard deviation 1: twelve uniforms, no logarithm to round. */
function noise() {
  let sum = -6;
  for (let at = 0; at < 12; at++) sum += uniform();
  return sum;
}

const lines = ['age,severity,comorbidities,prior_admissions,stay_days'];
for (let row = 0; row < 120; row++) {
  const age = whole(18, 92);
  const severity = whole(1, 4);
  const comorbidities = Math.min(whole(0, 6), whole(0, 6));
  const priorAdmissions = Math.min(whole(0, 5), whole(0, 5));
  const days =
    0.8 + 0.03 * age + 1.2 * severity + 0.45 * comorbidities + 0.6 * priorAdmissions + 0.5 * noise();
  lines.push([age, severity, comorbidities, priorAdmissions, Math.max(0.5, days).toFixed(2)].join(','));
}
writeFileSync(new URL('data.csv', import.meta.url), `${lines.join('\n')}\n`);
