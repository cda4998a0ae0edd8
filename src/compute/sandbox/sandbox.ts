/**
 * What model code is held in. Found out once, when the server starts, by a run with the very options.
 *
 * @module
 */

import { type Bound, bounds, type Groups } from './groups.ts';
import type { Limits } from './limits.ts';

/** A way to run programs that nobody here wrote. */
export type Sandbox = Bubblewrap | Unconfined;

/** Says which there is; the first time it takes a while. */
export type FindSandbox = () => Promise<Sandbox>;

/** In namespaces of its own, by `bwrap`. */
export interface Bubblewrap {
  readonly kind: 'bubblewrap';
  /** Where we are root, what is held in is a user that nobody else is; otherwise it is us, without our rights. */
  readonly otherUser: boolean;
  /** The machine's Python, where it has one. */
  readonly python: Python | undefined;
  /** Where what is limited of all processes of a program together is limited. */
  readonly groups: Groups;
  /**
   * Where folders of its processes are made, rather than in the system's temporary folder: one that is cleared when we
   * are started again, for what is held in cannot clear it when we are killed.
   */
  readonly folder?: string;
}

/** As any other program of this user. */
export interface Unconfined {
  readonly kind: 'none';
  /** Why there is nothing better, as a sentence without its full stop. */
  readonly why: string;
}

/** A Python to run scripts with. */
export interface Python {
  readonly file: string;
  /** Folders that its modules are in. */
  readonly folders: readonly string[];
}

/** A program and all that it needs, as it is inside. */
export interface Inmate {
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  /** Files and folders outside, by where the program finds them. It can only read them. At `/`: instead of the system's. */
  readonly reads: ReadonlyMap<string, string>;
  /** Who it takes itself for. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** Its current folder. */
  readonly folder: string;
  readonly limits: Limits;
}

/** Where a program stands: how it gets there, and what it finds there. */
export interface Standing {
  /**
   * The file of the network namespace that it is in there; another one once the place has been made again. Absent: it is
   * no place, and gets a network with nobody in it.
   */
  readonly network?: string;
  /** The command line, which goes on with the program's own. It stays in front of that process, as its parent. */
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  /** Texts, by where the program finds them. */
  readonly files: ReadonlyMap<string, string>;
}

/** A sandbox that stands somewhere. */
export interface Cell extends Bubblewrap {
  readonly standing: Standing;
}

/** Says at which place a program stands, each time that it is started; undefined: at none. */
export type Stand = () => Promise<Standing | undefined>;

/** Says what a program is run in, each time that it is started, and where that stands. */
export type FindRoom = (stand: Stand | undefined) => Promise<Cell | Unconfined>;

/** Says what is in force, and what is not, for people. */
export function described(sandbox: Sandbox): string {
  if (sandbox.kind === 'none') return `model code runs unconfined: ${sandbox.why}`;
  const { otherUser, groups } = sandbox;
  const together =
    groups.limited.length > 0 ? [`by cgroups, ${groups.limited.join(', ')} of all together`] : [];
  // The kernel counts processes by user, and this one is nobody else.
  const counted: readonly Bound[] = otherUser ? [...groups.limited, 'processes'] : groups.limited;
  const missing = bounds.filter((bound) => !counted.includes(bound));
  const limits = [
    'open files',
    'temporary files',
    'memory of each process',
    ...(otherUser ? ['processes'] : []),
  ];
  return [
    "model code has a system to read, its place's network or none, and no rights",
    `limited are ${limits.join(', ')}`,
    ...together,
    ...(missing.length > 0 ? [`not limited of all together: ${missing.join(', ')} (${groups.why})`] : []),
  ].join('; ');
}
