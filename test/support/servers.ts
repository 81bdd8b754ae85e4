/**
 * @file Servers of a test's own: real Temporal and S3, on free ports, with data that goes with them.
 */
import { after, before } from 'node:test';
import { startEmbedded, type EmbeddedServers } from '../../servers/embedded.js';

/**
 * Starts both servers before the tests of the calling file or suite and stops them afterwards. The getter
 * throws outside of a running test.
 */
export function useServers(options: { readonly bucket?: string } = {}): () => EmbeddedServers {
  let servers: EmbeddedServers | undefined;
  before(async () => {
    servers = await startEmbedded({ ephemeral: true, ...options });
  });
  after(async () => {
    await servers?.stop();
  });
  return () => {
    if (servers === undefined) throw new Error('the servers are only there while tests run');
    return servers;
  };
}
