/**
 * Documents that are executed. A console block holds commands behind a prompt, and below each what it prints:
 *
 * - `$ command` is typed in the user's own terminal, `vm/jumpbox$ command` in one that stands at a place, and
 *   `app/ana@vm/jumpbox$ command` in one where somebody else than the deployer signs in. Each terminal is one shell from
 *   its first command to its last.
 * - A command goes on in the next line behind a `\`.
 * - A line `...` stands for any lines, `...` within a line for any text. No lines at all: whatever it prints.
 * - A last line `[exit 3]` says that the command fails with this code. What is shown is standard output, and of a
 *   command that fails also standard error, below it.
 * - A block whose first line says a language and a file name is that file, from there on.
 *
 * @module
 */

/** One command of a document. */
export interface Step {
  readonly kind: 'step';
  /** What stands before the `$`: empty, a place, or `who@place`. */
  readonly terminal: string;
  readonly command: string;
  readonly output: readonly string[];
  readonly exit: number;
}

/** One file that a document shows. */
export interface ShownFile {
  readonly kind: 'file';
  readonly name: string;
  readonly text: string;
}

const prompt = /^([\w@./-]*)\$ (.*)$/;

/** Files and commands of a document, in its order. */
export function partsOf(text: string): (Step | ShownFile)[] {
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].flatMap(
    ([, language = '', name, content = '']): (Step | ShownFile)[] => {
      if (name !== undefined) return [{ kind: 'file', name, text: content }];
      return language === 'console' ? stepsOf(content) : [];
    },
  );
}

/** Commands of a document, in its order. */
export function consoleSteps(text: string): Step[] {
  return partsOf(text).filter((part) => part.kind === 'step');
}

function stepsOf(content: string): Step[] {
  const steps: { terminal: string; command: string; output: string[] }[] = [];
  let unfinished = false;
  for (const line of content.trimEnd().split('\n')) {
    const [, terminal, start] = prompt.exec(line) ?? [];
    const last = steps.at(-1);
    if (unfinished && last) last.command += `\n${line}`;
    else if (terminal !== undefined && start !== undefined)
      steps.push({ terminal, command: start, output: [] });
    else if (last) last.output.push(line);
    else throw new Error(`a console block begins with '${line}', which is no command`);
    unfinished = (unfinished || prompt.test(line)) && line.endsWith('\\');
  }
  return steps.map(({ output, ...step }) => {
    const failed = /^\[exit (\d+)\]$/.exec(output.at(-1) ?? '')?.[1];
    const lines = failed === undefined ? output : output.slice(0, -1);
    return { kind: 'step', ...step, output: lines, exit: Number(failed ?? 0) };
  });
}

/** The expected lines as a pattern over the whole output. */
export function pattern(output: readonly string[]): RegExp {
  const parts = output.map((line) => {
    if (line === '...') return '(?:[^\\n]*\\n)*?';
    const texts = line.split('...').map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return `${texts.join('[^\\n]*')}\\n`;
  });
  return new RegExp(`^${parts.join('')}$`);
}
