/**
 * The command line: verbs and their flags. Each verb's work is in a file of its own, loaded when it is asked for.
 *
 * @module
 */

import { Command, CommanderError } from 'commander';
import { databaseFlag, fileFlags, formatFlags, sideFlags, stateFlag } from './flags.ts';

const version = '0.1.0';

/** Runs a command line and answers the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command('cloister')
    .description('Private machine-learning platforms that you can run, prove and ship.')
    .version(version)
    .enablePositionalOptions()
    .showHelpAfterError('(cloister --help lists the verbs)')
    .exitOverride();
  const set = (result: number): void => {
    code = result;
  };

  databaseFlag(stateFlag(fileFlags(formatFlags(program.command('up [files...]')))))
    .description('bring it up and deploy; again: update')
    .option(
      '--fabric <kind>',
      'linux, userspace, or auto: linux where it can be had (default: CLOISTER_FABRIC, or userspace)',
    )
    .option('--port <number>', 'port of the local control API (default: any free one)')
    .option('--detach', 'return when it is ready')
    .option('--guard', 'refuse writes that break an intent which holds')
    .option('--no-guard', 'let every write through (the default)')
    .action(async (files, options) => set(await (await import('./up.ts')).up(files, options)));
  databaseFlag(stateFlag(program.command('serve', { hidden: true })))
    .option('--port <number>')
    .option('--memory')
    .option('--guard')
    .option('--fabric <kind>')
    .option('--subscription <id>')
    .action(async (options) => set(await (await import('./serve.ts')).serve(options)));
  stateFlag(program.command('down'))
    .description('stop it; the state is kept')
    .option('--purge', 'delete the state too')
    .action(async (options) => set(await (await import('./down.ts')).down(options)));
  stateFlag(formatFlags(program.command('status')))
    .description('what is active, from live probes')
    .option('--flows', 'what was decided about the last flows')
    .action(async (options) => set(await (await import('./status.ts')).status(options)));
  stateFlag(fileFlags(formatFlags(program.command('places [files...]'))))
    .description('every place that a flow can start from')
    .action(async (files, options) => set(await (await import('./places.ts')).places(files, options)));
  stateFlag(program.command('exec <command...>'))
    .description('run a program as if it stood at a place')
    .requiredOption('--from <place>', 'the place')
    .option('--as <who>', 'who to sign in as: deployer, user/<name>, app/<name> or anonymous')
    .passThroughOptions()
    .action(async (command, options) => set(await (await import('./exec.ts')).exec(command, options)));
  stateFlag(program.command('env'))
    .description('the same as shell exports')
    .requiredOption('--from <place>', 'the place')
    .option('--as <who>', 'who to sign in as: deployer, user/<name>, app/<name> or anonymous')
    .action(async (options) => set(await (await import('./env.ts')).env(options)));
  stateFlag(fileFlags(formatFlags(program.command('why [files...]'))))
    .description('how one flow ends, and why')
    .requiredOption('--from <place>', 'where it starts')
    .requiredOption('--to <target>', 'what it wants: a resource, a name or an address, with :port')
    .option('--protocol <name>', 'tcp, udp, icmp, esp or ah', 'tcp')
    .option(
      '--as <caller>',
      'anonymous, key, deployer, an object id, user/, group/ or app/<name>, or a resource with an identity',
    )
    .action(async (files, options) => set(await (await import('./why.ts')).whyVerb(files, options)));
  stateFlag(fileFlags(program.command('verify [files...]')))
    .description('what is wrong, before anything is deployed')
    .option('--fail-on <severity>', 'what makes the exit code 1: error or warning', 'error')
    .option('--json', 'one JSON document on stdout')
    .option('--format <name>', 'text, json, sarif, junit or html', 'text')
    .action(async (files, options) => set(await (await import('./verify.ts')).verifyVerb(files, options)));
  stateFlag(sideFlags(fileFlags(formatFlags(program.command('diff <old> <new>')))))
    .description(
      "what becomes possible and impossible between two templates, folders, snapshots, or 'running'",
    )
    .action(async (before, after, options) =>
      set(await (await import('./diff.ts')).diffVerb(before, after, options)),
    );
  stateFlag(fileFlags(program.command('export [files...]')))
    .description('the estate in another form')
    .requiredOption('--to <form>', 'hosts or snapshot')
    .action(async (files, options) => set(await (await import('./export.ts')).exportVerb(files, options)));
  for (const [verb, when] of later) {
    program
      .command(`${verb} [words...]`, { hidden: true })
      .allowUnknownOption()
      .action(() => {
        process.stderr.write(`cloister ${verb}: not supported yet; ${when}\n`);
        set(2);
      });
  }

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      // What `exec` answers up to 124 is the program's.
      const wrong = argv[0] === 'exec' ? (await import('./exec.ts')).failed : 2;
      return error.exitCode === 0 ? 0 : wrong;
    }
    return (await import('./report.ts')).report(error);
  }
}

/** Verbs of the charter that are refused by name. */
const later = [
  ['deploy', 'it comes with shipping to Azure'],
  ['pull', 'it comes with shipping to Azure'],
  ['doctor', 'it comes with shipping to Azure'],
] as const;
