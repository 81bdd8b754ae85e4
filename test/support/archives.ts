/**
 * @file Writers of archives in their true formats.
 */
import { deflateRawSync, crc32 } from 'node:zlib';

export type Members = readonly (readonly [name: string, content: Uint8Array])[];

/** A ustar archive. Names above 100 bytes get a GNU long-name record. */
export function tarBytes(members: Members, type = '0'): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const [name, content] of members) {
    const encoded = Buffer.from(name);
    if (encoded.length > 100) {
      blocks.push(
        tarHeader('././@LongLink', encoded.length + 1, 'L'),
        padded(Buffer.concat([encoded, Buffer.of(0)])),
      );
    }
    blocks.push(tarHeader(name, content.length, type), padded(content));
  }
  return new Uint8Array(Buffer.concat([...blocks, new Uint8Array(1024)]));
}

function tarHeader(name: string, bytes: number, type: string): Uint8Array {
  const header = Buffer.alloc(512);
  header.write(name.slice(0, 100), 0);
  header.write('0000644\0', 100);
  header.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function padded(content: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(content.length / 512) * 512);
  whole.set(content);
  return whole;
}

/** A zip archive, as NumPy's `savez` (stored) or `savez_compressed` (deflated) writes one. */
export function zipBytes(members: Members, deflated = false): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of members) {
    const data = deflated ? deflateRawSync(content) : Buffer.from(content);
    const encoded = Buffer.from(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(deflated ? 8 : 0, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(encoded.length, 22);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), fields, encoded, data);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, place, encoded);
    offset += 30 + encoded.length + data.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, entries, end]));
}
