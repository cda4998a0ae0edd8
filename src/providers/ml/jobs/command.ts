/**
 * What a job's command stands for: `${{inputs.x}}` and `${{outputs.y}}` are names of what the job is given and gives.
 *
 * Source: https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-command
 *
 * @module
 */

/** What a part of a command stands for. */
export interface Binding {
  readonly of: 'inputs' | 'outputs';
  readonly name: string;
}

const expression = /\$\{\{(.*?)\}\}/gs;
const binding = /^\s*(inputs|outputs)\.([A-Za-z_]\w*)\s*$/;

/** The command with each part put in the place of what stands for it. `value` may refuse by throwing. */
export function bound(command: string, value: (binding: Binding | string) => string): string {
  return command.replace(expression, (_, inner: string) => {
    const [, of, name = ''] = binding.exec(inner) ?? [];
    return value(of === 'inputs' || of === 'outputs' ? { of, name } : inner.trim());
  });
}
