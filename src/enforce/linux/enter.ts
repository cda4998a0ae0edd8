/**
 * A program at a place: in its network, with its own resolver, hosts file and certificates, and everything else as it
 * is outside. What is replaced is replaced in a mount namespace that only the program sees.
 *
 * @module
 */

import type { Word } from '../plan/words.ts';
import type { Holder } from './holder.ts';

/** Files of ours, by the path at which the program finds them. */
export type Replaced = ReadonlyMap<string, string>;

/**
 * First who the program is to be, where that is not who the script is. Then pairs, up to `--`: a file, and where it is to
 * be found; then the folder and the command. Where a link leads into /run, which is the holder's own, what it leads to
 * is made first. The folder is entered by its name: one that was kept open would lead around all that is replaced.
 */
const replace = `set -eu
own=$1
shift
while [ "$1" != -- ]; do
  at=$(readlink -f -- "$2")
  case $at in /run/*) mkdir -p -- "\${at%/*}"; [ -e "$at" ] || : > "$at";; esac
  mount --bind -- "$1" "$at"
  shift 2
done
cd -- "$2" 2>/dev/null || { echo "there is no folder $2 here: at a place, /run is its own" >&2; exit 125; }
shift 2
[ -n "$own" ] || exec "$@"
exec unshare --user --map-user="\${own%:*}" --map-group="\${own#*:}" -- "$@"`;

/**
 * Returns the command line that runs a program at a place; it goes on with the folder and the program's own command
 * line. The terminal and the process id are kept: what is started is, in the end, the program itself, so signals reach
 * it and its exit code is told. One that is `kept` ends with the holder instead, as a child of what is started.
 */
export function enterPlace(
  holder: Holder,
  namespace: Word,
  replaced: Replaced,
  kept = false,
): readonly [string, ...string[]] {
  const pairs = [...replaced].flatMap(([at, file]) => [file, at]);
  const mounts = ['unshare', '--mount', '--propagation', 'private', ...(kept ? ['--mount-proc'] : [])];
  const script = ['sh', '-c', replace, 'sh', oneself(holder), ...pairs, '--'];
  return holder.entering([...mounts, ...script], namespace, kept);
}

/** In a user namespace the script is root, and the program who it is outside: with no rights over its own network. */
function oneself({ rootless }: Holder): string {
  const [user, group] = [process.getuid?.(), process.getgid?.()];
  return rootless && user !== undefined && group !== undefined ? `${user}:${group}` : '';
}
