/**
 * @file Set-up without the command line tool: `node scripts/provide.mjs engine,fashion-mnist [--cuda]`. For
 * images and other builds that need only some of it.
 */
const { parseProvisionNames, setup } = await import('../dist/setup/index.js');

try {
  const only = parseProvisionNames(process.argv[2] ?? '');
  await setup({ say: console.log, only, cuda: process.argv.includes('--cuda') });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
