/**
 * @file What a failed request means: try again, give up with advice, or an ordinary answer such as
 * "no such key". Messages never carry credentials.
 */
import { DistilleryError } from '../errors/errors.js';
import { StoreAnswer, StoreSilence } from './s3-transport.js';

export type Failure = 'passing' | 'missing' | 'occupied' | 'refused' | 'full' | 'skewed' | 'unknown';

const missing = new Set(['NoSuchKey', 'NotFound', 'InvalidRange']);
const full = new Set([
  'XMinioStorageFull',
  'InsufficientStorage',
  'QuotaExceeded',
  'XMinioAdminBucketQuotaExceeded',
]);
const passing = new Set([
  'ConditionalRequestConflict',
  'OperationAborted',
  'RequestTimeout',
  'BadDigest',
  'IncompleteBody',
]);

const adviceByCode: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: 'The store does not know this access key: check AWS_ACCESS_KEY_ID.',
  SignatureDoesNotMatch: 'The secret key is wrong: check AWS_SECRET_ACCESS_KEY.',
  AccessDenied:
    'Give the user of AWS_ACCESS_KEY_ID the rights to list the bucket and to get, put and delete its objects.',
  NoSuchBucket: 'Create the bucket, or set S3_BUCKET to one that exists.',
  InvalidBucketName: 'Set S3_BUCKET to 3 to 63 of a-z, 0-9, "." and "-".',
  AuthorizationHeaderMalformed: 'Set S3_REGION to the region of the bucket.',
  PermanentRedirect: 'Set S3_ENDPOINT and S3_REGION to where the bucket is.',
  ExpiredToken: 'The session token has expired: get a new one for AWS_SESSION_TOKEN.',
  InvalidToken: 'The session token is not valid: check AWS_SESSION_TOKEN.',
  XMinioParentIsObject: 'An object stands where a folder is needed: remove it.',
  XMinioObjectExistsAsDirectory: 'A folder stands where the object should be: remove it.',
  PreconditionFailed: 'Something else is stored under this key already.',
};

export function classify(error: unknown): Failure {
  if (error instanceof StoreSilence) return 'passing';
  if (error instanceof StoreAnswer) {
    if (missing.has(error.code)) return 'missing';
    if (error.code === 'RequestTimeTooSkewed') return 'skewed';
    if (error.status === 412) return 'occupied';
    if (full.has(error.code) || error.status === 507 || /no space left/i.test(error.message)) return 'full';
    if (passing.has(error.code) || error.status === 408 || error.status === 429) return 'passing';
    return error.status >= 500 && error.status !== 501 ? 'passing' : 'refused';
  }
  const code = codeOf(error);
  if (code === undefined) return 'unknown';
  if (isTlsMistake(code)) return 'refused';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'full';
  // Broken connections (ECONNRESET, EPIPE, ENOTFOUND, ...) and answers cut or garbled on the way (HPE_*).
  if (code === 'ERR_STREAM_PREMATURE_CLOSE') return 'passing';
  return /^(E|HPE_)[A-Z_]+$/.test(code) && !code.startsWith('ERR_') ? 'passing' : 'unknown';
}

/** Whether waiting may help: the store comes back, somebody makes space, the clock is set right. */
export function isPassing(error: unknown): boolean {
  const failure = classify(error);
  return failure === 'passing' || failure === 'full' || failure === 'skewed';
}

/** The failure in a few words. */
export function failureReason(error: unknown, secrets: readonly string[]): string {
  switch (classify(error)) {
    case 'full':
      return `it is full (${redact(describe(error), secrets)})`;
    case 'skewed':
      return clockDifference(error);
    default:
      // SeaweedFS, for one, has no other answer when its disk is full, and says no more than "please try again".
      if (error instanceof StoreAnswer && error.status === 500)
        return `${redact(error.code, secrets)}, perhaps its disk is full; see its log`;
      return redact(describe(error), secrets);
  }
}

export interface Attempted {
  /** For example `write`. */
  readonly action: string;
  readonly key?: string;
  readonly location: string;
  /** Never to appear in a message. */
  readonly secrets: readonly string[];
}

/** The error a caller sees; anything that is not the store's fault is passed on as it is. */
export function storeError(error: unknown, attempted: Attempted): unknown {
  const what = `Cannot ${attempted.action}${attempted.key === undefined ? '' : ` ${attempted.key}`} at ${attempted.location}`;
  const reason = redact(describe(error), attempted.secrets);
  switch (classify(error)) {
    case 'passing':
      return new DistilleryError('StoreUnavailable', `${what}: ${reason}. ${passingAdvice(error)}`);
    case 'skewed':
      return new DistilleryError(
        'StoreUnavailable',
        `${what}: ${clockDifference(error)} (${reason}). Set the clocks right, best by NTP, then retry.`,
      );
    case 'full':
      return new DistilleryError(
        'NoSpace',
        `${what}: the store is full (${reason}). Free or add space, then retry.`,
      );
    case 'missing':
      return new DistilleryError('Corrupt', `${what}: there is no such object (${reason}).`);
    case 'occupied':
    case 'refused':
      return new DistilleryError('StoreRefused', `${what}: ${reason}. ${advice(error)}`);
    case 'unknown':
      return error;
  }
}

function describe(error: unknown): string {
  if (error instanceof StoreAnswer)
    return error.message === '' ? error.code : `${error.code}: ${error.message}`;
  if (error instanceof Error) return codeOf(error) ?? error.message;
  return String(error);
}

function advice(error: unknown): string {
  if (error instanceof StoreAnswer) {
    return adviceByCode[error.code] ?? 'Check S3_ENDPOINT, S3_BUCKET and the rights of the credentials.';
  }
  return 'TLS failed: check http:// or https:// in S3_ENDPOINT, and NODE_EXTRA_CA_CERTS for a private authority.';
}

function passingAdvice(error: unknown): string {
  if (error instanceof StoreAnswer && error.status >= 500)
    return 'Check the log of the store, and that its disk is not full.';
  return 'Check that the store runs and that S3_ENDPOINT is its address.';
}

function clockDifference(error: unknown): string {
  const clocks = 'the clock of this machine differs from the store’s';
  if (!(error instanceof StoreAnswer) || error.date === undefined) return clocks;
  const minutes = Math.round((Date.now() - error.date.getTime()) / 60_000);
  return `${clocks} by ${Math.abs(minutes)} min (it is ${minutes > 0 ? 'ahead' : 'behind'})`;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function isTlsMistake(code: string): boolean {
  return code === 'EPROTO' || /CERT|^ERR_TLS|^ERR_SSL|UNABLE_TO_VERIFY/.test(code);
}

function redact(text: string, secrets: readonly string[]): string {
  const trimmed = text.replace(/[.\s]+$/, '');
  return secrets.reduce((rest, secret) => (secret === '' ? rest : rest.replaceAll(secret, '***')), trimmed);
}
