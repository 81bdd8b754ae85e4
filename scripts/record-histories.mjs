// Records a folder of test/histories after a build: node scripts/record-histories.mjs NAME; see test/workflows/record-histories.ts for when to do it.
import '../dist/test/workflows/record-histories.js';
