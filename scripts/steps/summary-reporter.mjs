/**
 * @file A test reporter that writes only the final counts, as JSON.
 */
export default async function* summary(events) {
  const counts = {};
  for await (const { type, data } of events) {
    if (type !== 'test:diagnostic' || data.nesting !== 0) continue;
    const found = /^(tests|pass|fail|cancelled|skipped|todo) (\d+)$/.exec(data.message);
    if (found !== null) counts[found[1]] = Number(found[2]);
  }
  yield JSON.stringify(counts);
}
