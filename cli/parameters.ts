/**
 * @file `--param name=value` on the command line.
 */
import { InvalidArgumentError, Option } from 'commander';

export type GivenParameters = Readonly<Record<string, string>>;

/** Adds one `name=value`. Values stay texts: the definition's declaration says what they are. */
export function collectParameter(text: string, before: GivenParameters): GivenParameters {
  const equals = text.indexOf('=');
  const name = text.slice(0, equals).trim();
  if (equals < 1 || name === '')
    throw new InvalidArgumentError('Write it as name=value, for example ipc=10.');
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`"${name}" is given twice.`);
  return { ...before, [name]: text.slice(equals + 1) };
}

export function parameterOption(): Option {
  return new Option('-p, --param <name=value>', 'set a parameter of the definition (repeatable)')
    .default({}, 'the defaults of the definition')
    .argParser(collectParameter);
}
