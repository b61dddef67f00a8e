import { createSign, type KeyObject, randomBytes } from "node:crypto";

export interface CertificateOptions {
  /** The common name of subject and issuer. */
  readonly name: string;
  /** RSA or elliptic curve. */
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
  /** For a TLS server on this machine: the names are localhost and 127.0.0.1. It is a CA certificate, so that clients can trust it as their root. */
  readonly loopback?: boolean;
}

/**
 * A self-signed X.509 certificate, as PEM (RFC 5280). Node has no function for it. The libraries that have one bring 19 packages and a
 * global polyfill; the DER here takes few lines.
 */
export function selfSigned({ name, privateKey, publicKey, from, until, loopback }: CertificateOptions): string {
  const algorithm = sequence(
    ...(privateKey.asymmetricKeyType === "rsa" ? [oid("1.2.840.113549.1.1.11"), NULL] : [oid("1.2.840.10045.4.3.2")]),
  );
  const subject = sequence(set(sequence(oid("2.5.4.3"), der(0x0c, Buffer.from(name)))));
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    subject,
    sequence(time(from), time(until)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    ...(loopback ? [explicit(3, sequence(basicConstraints(), subjectAltName()))] : []),
  );
  const signature = createSign("sha256").update(body).sign(privateKey);
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const base64 = certificate.toString("base64").match(/.{1,64}/g) as string[];
  return `-----BEGIN CERTIFICATE-----\n${base64.join("\n")}\n-----END CERTIFICATE-----\n`;
}

const basicConstraints = (): Buffer =>
  sequence(oid("2.5.29.19"), der(0x01, Buffer.from([0xff])), der(0x04, sequence(der(0x01, Buffer.from([0xff])))));
const subjectAltName = (): Buffer =>
  sequence(oid("2.5.29.17"), der(0x04, sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1])))));

function der(tag: number, content: Buffer): Buffer {
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}
const NULL = Buffer.from([0x05, 0x00]);
const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const set = (...parts: Buffer[]): Buffer => der(0x31, Buffer.concat(parts));
const explicit = (tag: number, content: Buffer): Buffer => der(0xa0 + tag, content);
const integer = (bytes: Buffer): Buffer => der(0x02, bytes);
const time = (ms: number): Buffer => der(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`));

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = rest.flatMap((part) => {
    const groups = [part & 0x7f];
    for (let more = part >> 7; more > 0; more >>= 7) groups.unshift((more & 0x7f) | 0x80);
    return groups;
  });
  return der(0x06, Buffer.from([first * 40 + second, ...bytes]));
}
