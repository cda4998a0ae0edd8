/**
 * Documents that are executed: `$ command`, and the lines that it prints; a line `...` stands for any lines.
 *
 * @module
 */

/** One command of a document. */
export interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

/** Every command of a document's console blocks, in order. */
export function consoleSteps(text: string): Step[] {
  const blocks = [...text.matchAll(/```console\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .filter((part) => part !== '')
      .map((part) => {
        const [command = '', ...output] = part.trimEnd().split('\n');
        return { command, output };
      }),
  );
}

/** The expected lines as a pattern over the whole output. */
export function pattern(output: readonly string[]): RegExp {
  const parts = output.map((line) =>
    line === '...' ? '(?:.*\\n)*?' : `${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\n`,
  );
  return new RegExp(`^${parts.join('')}$`);
}
