/**
 * @file Addresses to listen on, on the command line.
 */
import { InvalidArgumentError } from 'commander';

import type { ListenAddress } from '../worker/listen-address.js';
import { portNumber } from './whole-number.js';

/** `8080` (of this machine alone), `0.0.0.0:8080`, `[::]:8080`; anything else is a usage error. */
export function listenAddress(text: string): ListenAddress {
  const [, bracketed, plain = '127.0.0.1', port = ''] =
    /^(?:\[([0-9a-fA-F:]+)\]:|([^:\[\]]+):)?(\d+)$/.exec(text) ?? [];
  if (port === '') throw new InvalidArgumentError('Give a port or HOST:PORT.');
  return { host: bracketed ?? plain, port: portNumber(port) };
}
