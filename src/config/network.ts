import { isIP } from "node:net";
import { type Complaint, complain, type Rule } from "./complaint.ts";

/** Prefix lengths of the largest public range that one company may own; a larger one belongs to a provider. */
const WIDEST_PUBLIC = { 4: 24, 6: 48 } as const;

interface Range {
  readonly family: 4 | 6;
  readonly address: bigint;
  readonly bits: number;
}
const width = (family: 4 | 6): number => (family === 4 ? 32 : 128);
const mask = (address: bigint, family: 4 | 6, bits: number): bigint => {
  const free = BigInt(width(family) - bits);
  return (address >> free) << free;
};

function parse(text: string): Range | undefined {
  const [host = "", bits = "", more] = text.split("/");
  const family = isIP(host);
  if (family === 0 || more !== undefined || !/^\d{1,3}$/.test(bits) || Number(bits) > width(family as 4 | 6)) return undefined;
  return { family: family as 4 | 6, address: family === 4 ? ipv4(host) : ipv6(host), bits: Number(bits) };
}
const ipv4 = (host: string): bigint => host.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
function ipv6(host: string): bigint {
  // The URL parser writes an embedded IPv4 address (::ffff:1.2.3.4) as two groups.
  const [head = "", tail] = new URL(`http://[${host.replace(/%.*$/, "")}]`).hostname.slice(1, -1).split("::");
  const left = head ? head.split(":") : [];
  const right = tail ? tail.split(":") : [];
  const groups = tail === undefined ? left : [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
  return groups.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}
function format(range: Range): string {
  if (range.family === 4) return `${[24n, 16n, 8n, 0n].map((s) => (range.address >> s) & 255n).join(".")}/${range.bits}`;
  const groups = Array.from({ length: 8 }, (_, i) => ((range.address >> BigInt(112 - 16 * i)) & 65_535n).toString(16));
  return `${new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1)}/${range.bits}`;
}

/** A range of addresses that may connect to the database. EC2 stores the canonical form, so it has to be written so; a large public range is refused. */
export const allowedCidr: Rule<string> = (text) => {
  const range = parse(text);
  if (!range) return notARange(text);
  if (range.bits === 0) {
    return complain(
      `${text} lets the whole internet reach the database.`,
      'Name the addresses that need it, or write "auto" for your own address alone.',
    );
  }
  const network = { ...range, address: mask(range.address, range.family, range.bits) };
  if (network.address !== range.address) {
    return complain(
      `${text} is an address inside a range, not the range.`,
      `Write ${format(network)}, or ${text.split("/")[0]}/${width(range.family)}.`,
    );
  }
  return tooWide(text, range);
};

function notARange(text: string): Complaint {
  const family = isIP(text);
  const example = family === 0 ? "203.0.113.7/32" : `${text}/${width(family as 4 | 6)}`;
  return complain(`${JSON.stringify(text)} is not an address range.`, `Write it in CIDR form, such as "${example}".`);
}

/** Private ranges: the internet does not reach them, so their size is not limited. */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"].map((text) => parse(text) as Range);
function tooWide(text: string, range: Range): Complaint | undefined {
  const own = PRIVATE.some((p) => p.family === range.family && range.bits >= p.bits && mask(range.address, p.family, p.bits) === p.address);
  const widest = WIDEST_PUBLIC[range.family];
  if (own || range.bits >= widest) return undefined;
  return complain(
    `${text} opens the database to ${range.family === 4 ? `${(2 ** (32 - range.bits)).toLocaleString("en-US")} public addresses` : "the addresses of a whole provider"}.`,
    `Name smaller ranges: public ones are limited to /${widest}, private ones are not.`,
  );
}

export const corsOrigin: Rule<string> = (text) => {
  if (text === "*") return undefined;
  const remedy = 'Write scheme and host (and port) alone, such as "https://dispatch.example.com", or "*".';
  if (!URL.canParse(text)) return complain(`${JSON.stringify(text)} is not an origin.`, remedy);
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return complain(`${JSON.stringify(text)} is neither http nor https.`, remedy);
  return url.origin === text ? undefined : complain(`${JSON.stringify(text)} is more than an origin.`, `Write "${url.origin}".`);
};
