/**
 * Hostile estates: names that would be commands, rules or ends of lines if anybody let them. None gets into what the kernel
 * is told, what is applied runs nothing of theirs, and packets go as they would under any other name.
 */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyPlan, scriptOf } from '../../src/enforce/linux/script.ts';
import { printPlan } from '../../src/enforce/plan/print.ts';
import { formatIp, formatPrefix, parseIp, parsePrefix } from '../../src/lib/ip.ts';
import { parsePorts } from '../../src/lib/ports.ts';
import type { Fact } from '../../src/net/facts.ts';
import { Dice } from '../../src/verify/sets/rules.testing.ts';
import { noPackets } from '../support/kernel.ts';
import { network } from '../support/network.ts';
import { candidates, planEverywhere } from './drawing.ts';
import { packetFacts } from './estates.ts';
import { tryOut } from './trial.ts';

const seed = Number(process.env['CLOISTER_SEED'] ?? 7);

/** What lines may be made of; the programs that they name are ours, and so are jobs that are waited for. */
const harmless = /^(?:[a-z0-9 .:/,@{}"!=<>';_|+-]*|} & lane\d+=\$!|wait "?\$lane\d+"?.*)$/i;

/** Resources of the estates, as their ids name them. */
const resources = [
  'virtualNetworks/hub',
  'virtualNetworks/mirror',
  'subnets/pe',
  'networkSecurityGroups/one',
  'networkSecurityGroups/picky',
  'routeTables/around',
  'networkInterfaces/fw-nic',
  'networkInterfaces/echo-nic',
  'privateEndpoints/pe-blob',
  'publicIPAddresses/web-ip',
  'virtualNetworkPeerings/to-hub',
  'storageAccounts/acct',
  'workspaces/ml',
  'DenyIn',
  'AllowOut',
];

/** Texts that run a command, open a rule, or end what they are in. */
const hostile = (command: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(
      `'; ${command} #`,
      `$(${command})`,
      `\`${command}\``,
      `"\n${command}\n`,
      `\nRULES\n${command}\ncat <<'RULES'`,
      `\nLINES\n${command}\n`,
      `\nWITHIN\n${command}\n`,
      `}\nadd rule ip cloister through accept\n`,
      `accept; } chain x { type filter hook forward priority -300; policy accept; }`,
      '../../../etc',
      '--help',
      '\u0000\u001b[2J',
      '%s%n',
    ),
    fc.string({ unit: 'binary', minLength: 1 }),
  );

/** The same facts with other names. */
function renamed(facts: readonly Fact[], names: readonly string[]): readonly Fact[] {
  const rename = (text: string): string =>
    resources.reduce((all, resource, at) => {
      const [type = ''] = resource.split('/');
      return all.replaceAll(resource, () => `${resource.includes('/') ? type : ''}/${names[at] ?? ''}`);
    }, text);
  const change = (value: unknown): unknown => {
    if (typeof value === 'string') return rename(value);
    if (Array.isArray(value)) return value.map(change);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, change(own)]));
  };
  return change(facts) as readonly Fact[];
}

describe('hostile names', () => {
  it('are in no line of a script, and on one line of what people read', () => {
    let lines = 0;
    let names = 0;
    const each = fc.tuple(...resources.map(() => hostile('reboot')));
    fc.assert(
      fc.property(each, fc.integer({ min: 1, max: 500 }), (words, own) => {
        const plan = planEverywhere(network(renamed(packetFacts(new Dice(own)), words)));
        const script = scriptOf(emptyPlan, plan).flatMap((text) => text.split('\n'));
        for (const text of script) {
          expect(text).toMatch(harmless);
          expect(text).not.toContain('reboot');
        }
        for (const text of printPlan(plan).split('\n')) {
          const [line = '', ...note] = text.split(' # ');
          expect(line).toMatch(harmless);
          expect(note.join('')).toMatch(/^[\x20-\x7e]*$/);
        }
        lines += script.length;
        names += words.length;
      }),
      { seed, numRuns: 25 },
    );
    console.log(`seed ${seed}: ${names} hostile names, ${lines} lines without one`);
    expect(lines).toBeGreaterThan(10_000);
  });

  it('are refused as addresses and ports, or mean the number that they are', () => {
    const valid = fc.constantFrom('10.0.0.0/8', '10.0.0.1', '443', '1-5', '0.0.0.0/0', '255.255.255.255');
    const text = fc.oneof(
      fc.tuple(valid, hostile('reboot')).map(([before, after]) => `${before}${after}`),
      fc.tuple(hostile('reboot'), valid).map(([before, after]) => `${before}${after}`),
      fc.string(),
      valid,
    );
    let [taken, refused] = [0, 0];
    fc.assert(
      fc.property(text, (written) => {
        const [address, block, ports] = [parseIp(written), parsePrefix(written), parsePorts(written)];
        const printed = [
          address === undefined ? '' : formatIp(address),
          typeof block === 'object' && 'base' in block ? formatPrefix(block) : '',
          (ports ?? []).flat().join('-'),
        ].join('');
        expect(printed).toMatch(/^[0-9./-]*$/);
        if (printed === '') refused++;
        else taken++;
      }),
      { seed, numRuns: 3000 },
    );
    console.log(`seed ${seed}: ${taken} texts were numbers, ${refused} were refused`);
    expect(Math.min(taken, refused)).toBeGreaterThan(300);
  });
});

describe.skipIf(noPackets !== undefined)('a hostile estate', () => {
  it('runs nothing, and its packets go as they would under other names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cloister-hostile-'));
    const canary = join(folder, 'ran');
    try {
      const each = fc.tuple(...resources.map(() => hostile(`touch ${canary}`)));
      const drawn = fc.sample(each, { seed, numRuns: 3 });
      let sent = 0;
      for (const [at, words] of drawn.entries()) {
        const dice = new Dice(seed + at);
        const net = network(renamed(packetFacts(dice), words));
        const plan = planEverywhere(net);
        const all = [...candidates(dice, net, plan)];
        const flows = Array.from({ length: 20 }, (_, next) => {
          const flow = dice.pick(all);
          return { ...flow, sent: { ...flow.sent, sourcePort: flow.sent.sourcePort + next } };
        });
        const tried = await tryOut(net, { network: net, plan }, flows);
        expect(tried.flatMap(({ wrong, says }) => (wrong ? [says] : []))).toEqual([]);
        sent += tried.length;
        expect(existsSync(canary)).toBe(false);
      }
      console.log(`seed ${seed}: ${drawn.length} hostile estates applied, ${sent} flows`);
      expect(sent).toBe(60);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
