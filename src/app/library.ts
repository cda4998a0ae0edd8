/**
 * The functions of the package's entry: what the command line does, on texts.
 *
 * @module
 */

import { readConfig } from './config.ts';
import { type Opened, type OpenOptions, openSources } from './open.ts';
import { noConfig, parametersIn, type Source, templateOf } from './source.ts';
import { judge, type Verdict } from './verify.ts';

/** A template with what stands beside it, each as the text of its file. */
export interface Template {
  /** An ARM template: JSON, with comments where there are any. */
  readonly text: string;
  /** Its name in findings and errors: `main.json`. */
  readonly file?: string;
  /** A parameters file. */
  readonly parameters?: string;
  /** A cloister.yaml. */
  readonly cloister?: string;
}

/** Deploys templates offline, in order, into one estate. Throws InputError with file, line and column. */
export async function open(
  templates: Template | readonly Template[],
  options: OpenOptions = {},
): Promise<Opened> {
  return openSources(sourcesOf(templates), options);
}

/** Says what is wrong with templates before they are deployed. Throws InputError where they cannot be used. */
export async function verify(
  templates: Template | readonly Template[],
  options: OpenOptions = {},
): Promise<Verdict> {
  return (await judge(sourcesOf(templates), options)).verdict;
}

function sourcesOf(templates: Template | readonly Template[]): readonly Source[] {
  const all = Array.isArray(templates) ? (templates as readonly Template[]) : [templates as Template];
  return all.map(({ text, file = 'main.json', parameters, cloister }) => ({
    document: templateOf(text, file),
    parameters: parameters === undefined ? {} : parametersIn(parameters, 'parameters.json'),
    config: cloister === undefined ? noConfig : readConfig(cloister, 'cloister.yaml'),
    folder: '',
  }));
}
