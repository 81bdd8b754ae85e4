/**
 * @file `distillery codec`: keys for encrypted payloads, and the endpoint through which Temporal's own tools
 * read them.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';

import type { Command } from 'commander';

import {
  type CodecKey,
  codecKeysFrom,
  formatCodecKey,
  generateCodecKey,
  keyFileVariable,
} from '../../codec/keys.js';
import { DistilleryError } from '../../errors/errors.js';
import { type CommandContext, commandWithExamples } from '../command-context.js';
import { portNumber } from '../whole-number.js';

interface ServeOptions {
  host: string;
  port: number;
  allowOrigin?: readonly string[];
  tokenFile?: string;
}

/** Where Temporal's UI is found: that of the CLI's server, by either name. */
const usualOrigins = ['http://127.0.0.1:8233', 'http://localhost:8233'];

export function codecCommand(context: CommandContext): Command {
  return commandWithExamples('codec', 'Encrypt what goes to Temporal.', [
    { command: 'distillery codec keygen --file codec.keys', meaning: 'a new key' },
    { command: 'distillery codec serve', meaning: 'for the UI and `temporal --codec-endpoint`' },
  ])
    .addCommand(keygenCommand(context))
    .addCommand(serveCommand(context));
}

function keygenCommand({ out }: CommandContext): Command {
  return commandWithExamples('keygen', 'Make a key.', [
    { command: 'distillery codec keygen', meaning: 'printed, as a line of a key file' },
    { command: 'distillery codec keygen --file codec.keys', meaning: 'into the file, after what is there' },
  ])
    .option('--file <path>', 'add it to this file, which is made when there is none')
    .option('--id <id>', 'its id (default: the day and six digits)')
    .action(({ file, id }: { file?: string; id?: string }) => {
      const key = generateCodecKey(id);
      if (file === undefined) out.line(formatCodecKey(key));
      else out.line(addKey(file, key));
    });
}

/** Says what was done and what is to be done next. */
function addKey(file: string, key: CodecKey): string {
  if (!existsSync(file)) {
    writeFileSync(file, `# The first key encrypts, all decrypt.\n${formatCodecKey(key)}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
    return `Made ${file} with the key ${key.id}. Name it in ${keyFileVariable}, for workers and commands alike.`;
  }
  const keys = codecKeysFrom({ [keyFileVariable]: file });
  if (keys.some(({ id }) => id === key.id))
    throw new DistilleryError('InvalidDefinition', `${file} already has a key with the id "${key.id}".`);
  const end = readFileSync(file, 'utf8').endsWith('\n') ? '' : '\n';
  appendFileSync(file, `${end}${formatCodecKey(key)}\n`);
  return (
    `Added the key ${key.id} to ${file}; so far it only decrypts. ` +
    'Once every worker and client has the file, move its line to the top, and it encrypts.'
  );
}

function serveCommand(context: CommandContext): Command {
  return commandWithExamples('serve', 'Decrypt for Temporal’s UI and command.', [
    { command: 'distillery codec serve', meaning: 'on 127.0.0.1:8888, until Ctrl-C' },
    {
      command: 'distillery codec serve --allow-origin https://temporal.example.com --token-file token',
      meaning: 'for a UI elsewhere',
    },
  ])
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <port>', 'where to listen', portNumber, 8888)
    .option('--allow-origin <origins...>', `pages that may ask (default: ${usualOrigins.join(' ')})`)
    .option('--token-file <path>', 'file with a token that every request has to carry')
    .action(async ({ host, port, allowOrigin = usualOrigins, tokenFile }: ServeOptions) => {
      const { EncryptingCodec } = await import('../../codec/payload-codec.js');
      const { serveCodec } = await import('../../codec/endpoint.js');
      const { stopSignals } = await import('../services/stop-signals.js');
      const keys = codecKeysFrom(context.environment);
      if (keys.length === 0)
        throw new DistilleryError(
          'InvalidDefinition',
          `There are no keys: set ${keyFileVariable} to the file that the workers use.`,
        );
      const token = tokenFrom(tokenFile ?? context.environment['DISTILLERY_CODEC_TOKEN_FILE']);
      const stop = stopSignals();
      try {
        const endpoint = await serveCodec({
          codec: new EncryptingCodec(keys),
          host,
          port,
          origins: allowOrigin.map((origin) => origin.replace(/\/$/, '')),
          ...(token !== undefined && { token }),
        });
        context.out.line(
          `Decrypting at ${endpoint.url}, for pages of ${allowOrigin.join(', ')}; Ctrl-C stops.`,
        );
        context.out.line(`temporal workflow show --workflow-id ID --codec-endpoint ${endpoint.url}`);
        await stop.stopped;
        await endpoint.close();
      } finally {
        stop.dispose();
      }
    });
}

function tokenFrom(file: string | undefined): string | undefined {
  if (file === undefined || file === '') return undefined;
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new DistilleryError('InvalidDefinition', `The token file ${file} cannot be read (${code}).`);
  }
  if (token.length < 16)
    throw new DistilleryError('InvalidDefinition', `The token in ${file} is shorter than 16 characters.`);
  return token;
}
