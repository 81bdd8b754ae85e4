/**
 * @file Start of `npm run setup`, `npm run demo`, `npm test`, `npm run bench`, `npm run test:faults` and `npm run fuzz` in a
 * checkout that may hold nothing but its sources: no node_modules, no build. Node's own modules only, and,
 * here, only syntax that an old Node reads.
 *
 * Usage: node scripts/bootstrap.mjs setup|demo|test|faults|fuzz|bench|bench:orchestration [arguments]
 */
const commands = ['setup', 'demo', 'test', 'faults', 'fuzz', 'bench', 'bench:orchestration'];
const command = process.argv[2];
const major = Number(process.versions.node.split('.')[0]);

if (commands.indexOf(command) < 0) {
  console.error('usage: node scripts/bootstrap.mjs ' + commands.join('|') + ' [arguments]');
  process.exit(2);
}
if (major < 20) {
  console.error(
    'distillery needs Node 20 or newer, and this is Node ' +
      process.versions.node +
      '; install a current one (your version manager, or nodejs from nodejs.org) and start again',
  );
  process.exit(1);
}

import('./steps/start.mjs')
  .then((steps) => steps.start(command, process.argv.slice(3)))
  .then(
    (status) => {
      process.exitCode = status;
    },
    (error) => {
      // A stack trace would help nobody with a download that failed.
      console.error(error.expected === true || error.code !== undefined ? error.message : error);
      process.exitCode = 1;
    },
  );
