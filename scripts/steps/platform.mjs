/**
 * @file Says at once what would otherwise fail late and obscurely.
 */
import { failure } from './process.mjs';

/** Throws on systems for which Temporal's SDK has no native library. */
export function requirePlatform(platform = process.platform, musl = isMusl()) {
  if (platform === 'win32') {
    throw failure('distillery runs on Linux and macOS; on Windows, start it inside WSL');
  }
  if (platform === 'linux' && musl) {
    throw failure(
      "Temporal's SDK needs glibc, and this Node is built for musl (Alpine); use a Debian, Ubuntu or " +
        'Fedora system or image, such as node:22-bookworm-slim',
    );
  }
}

function isMusl() {
  if (process.platform !== 'linux') return false;
  // Otherwise the report looks up the names of open connections.
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime === undefined;
}
