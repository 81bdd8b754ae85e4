/**
 * @file Certificates for tests of TLS, made when they are needed: an authority, and what it vouches for.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

export interface Authority {
  readonly certificate: string;
  /** A certificate for a host name, or with any name for a client. */
  issue(name: string): Certificate;
}

/** Tags of ASN.1's distinguished encoding. */
const tag = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  time: 0x17,
  sequence: 0x30,
  set: 0x31,
};

function der(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([type, ...size]), content]);
}

const oid = (hex: string) => der(tag.oid, Buffer.from(hex, 'hex'));
const ecdsaWithSha256 = der(tag.sequence, oid('2a8648ce3d040302'));
const yes = Buffer.from([0x01, 0x01, 0xff]);

function nameOf(common: string): Buffer {
  const attribute = der(tag.sequence, oid('550403'), der(tag.utf8, Buffer.from(common)));
  return der(tag.sequence, der(tag.set, attribute));
}

function time(hoursFromNow: number): Buffer {
  const text = new Date(Date.now() + hoursFromNow * 3_600_000).toISOString();
  return der(tag.time, Buffer.from(`${text.slice(2, 19).replace(/[-T:]/g, '')}Z`));
}

interface Request {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signedBy: KeyObject;
  readonly extension: Uint8Array;
}

function certificateOf({ subject, issuer, publicKey, signedBy, extension }: Request): string {
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)]);
  const content = der(
    tag.sequence,
    der(0xa0, der(tag.integer, Buffer.from([2]))),
    der(tag.integer, serial),
    ecdsaWithSha256,
    nameOf(issuer),
    der(tag.sequence, time(-1), time(24)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(tag.sequence, extension)),
  );
  const signature = der(tag.bits, Buffer.from([0]), sign('sha256', content, signedBy));
  const whole = der(tag.sequence, content, ecdsaWithSha256, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${whole.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

export function makeAuthority(): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = 'authority of a test';
  const isAuthority = der(tag.sequence, oid('551d13'), yes, der(tag.octets, der(tag.sequence, yes)));
  return {
    certificate: certificateOf({
      ...{ subject: issuer, issuer, extension: isAuthority },
      ...{ publicKey: own.publicKey, signedBy: own.privateKey },
    }),
    issue(name) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const names = der(tag.sequence, der(0x82, Buffer.from(name)));
      const extension = der(tag.sequence, oid('551d11'), der(tag.octets, names));
      return {
        certificate: certificateOf({ subject: name, issuer, publicKey, signedBy: own.privateKey, extension }),
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}
