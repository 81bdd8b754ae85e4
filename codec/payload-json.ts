/**
 * @file Payloads as they travel to a codec endpoint: protobuf's JSON, bytes in base64.
 */
import type { Payload } from '@temporalio/common';

/** Undefined when the text is not a list of payloads. */
export function payloadsFromJson(text: string): Payload[] | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(document)) return undefined;
  const { payloads = [] } = document;
  if (!Array.isArray(payloads)) return undefined;
  const found = payloads.map(payloadFrom);
  return found.every((payload) => payload !== undefined) ? found : undefined;
}

export function payloadsToJson(payloads: readonly Payload[]): string {
  return JSON.stringify({
    payloads: payloads.map(({ metadata, data }) => ({
      metadata: Object.fromEntries(
        Object.entries(metadata ?? {}).map(([name, value]) => [name, toBase64(value)]),
      ),
      ...(data && data.length > 0 && { data: toBase64(data) }),
    })),
  });
}

function payloadFrom(value: unknown): Payload | undefined {
  if (!isRecord(value)) return undefined;
  const { metadata = {}, data = '' } = value;
  if (!isRecord(metadata) || typeof data !== 'string') return undefined;
  const entries: [string, Uint8Array][] = [];
  for (const [name, text] of Object.entries(metadata)) {
    if (typeof text !== 'string') return undefined;
    entries.push([name, Buffer.from(text, 'base64')]);
  }
  return { metadata: Object.fromEntries(entries), data: Buffer.from(data, 'base64') };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
