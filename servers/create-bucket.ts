/**
 * @file A program that makes the bucket of the environment's store, once, for deployments whose workers
 * must not do that themselves. Run as `node dist/servers/create-bucket.js`.
 */
import { s3FromEnvironment } from './connection.js';
import { probeS3 } from './s3.js';

try {
  const connection = s3FromEnvironment();
  if (connection === undefined) throw new Error('set S3_ENDPOINT to the store in which to make the bucket');
  await probeS3(connection);
  console.log(`the bucket ${connection.bucket} at ${connection.endpoint} takes and returns objects`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
