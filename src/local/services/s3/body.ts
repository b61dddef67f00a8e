import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { LocalFault } from "../../core/service.ts";
import { type Algorithm, algorithmOf, type Checksums, compareChecksums, DEFAULT_ALGORITHM, hasher, statedChecksums } from "./checksums.ts";
import { type ChunkVerifier, chunkVerifier } from "./chunk-signature.ts";
import { unchunk } from "./chunked.ts";
import type { FileStore } from "./files.ts";
import { LARGEST_SMALL } from "./packs.ts";
import type { Segment } from "./segment.ts";
import type { S3State } from "./state.ts";

type Headers = Readonly<Record<string, string>>;
export interface Received {
  readonly segment: Segment;
  /** Hexadecimal. */
  readonly md5: string;
  readonly checksums: Checksums;
}
/** The largest object of a single call. */
const MAX_BYTES = 5 * 1024 ** 3;

/** Writes a body to disk as it arrives and decodes its chunks. Checks it against everything that the headers state. */
export async function receive({ files, env }: S3State, body: unknown, headers: Headers, wanted?: string): Promise<Received> {
  if (hasNoLength(body, headers)) throw noLength(headers);
  const check = checking(headers, wanted, chunkVerifier(headers, env.identify));
  try {
    if (declaredSize(headers) <= LARGEST_SMALL) return await receiveSmall(files, sourceOf(body), check);
    return await receiveLarge(files, sourceOf(body), check);
  } catch (error) {
    if (error instanceof Error && (error as NodeJS.ErrnoException).code === "ECONNRESET")
      throw new LocalFault(
        "RequestTimeout",
        "Your socket connection to the server was not read from or written to within the timeout period.",
        400,
      );
    throw error;
  }
}

/** S3 refuses a body with neither a length nor the chunks of `aws-chunked`. Calls from inside have no headers. */
const hasNoLength = (body: unknown, headers: Headers): boolean =>
  headers.host !== undefined && body instanceof Readable && headers["content-length"] === undefined && !isChunked(headers);
/** AWS's answer to HTTP's own chunks: https://github.com/Automattic/knox/issues/43, irods/irods_resource_plugin_s3#2301. */
const noLength = (headers: Headers): LocalFault =>
  headers["transfer-encoding"] === undefined
    ? new LocalFault("MissingContentLength", "You must provide the Content-Length HTTP header.", 411)
    : new LocalFault("NotImplemented", "A header you provided implies functionality that is not implemented", 501, {
        Header: "Transfer-Encoding",
      });

/** Stated size of the content; infinite when the headers do not state it. */
const declaredSize = (headers: Headers): number =>
  Number(
    headers["x-amz-decoded-content-length"] ?? (isChunked(headers) ? undefined : headers["content-length"]) ?? Number.POSITIVE_INFINITY,
  );

async function receiveSmall(files: FileStore, source: Readable, check: Check): Promise<Received> {
  const chunks: Buffer[] = [];
  let held = 0;
  for await (const chunk of check.through(source)) {
    held += chunk.length;
    // A body that is larger than stated ends here. The checks at the end refuse it.
    if (held <= LARGEST_SMALL) chunks.push(chunk);
  }
  const { md5, checksums } = await check.result();
  return { segment: files.keepSmall(Buffer.concat(chunks)), md5, checksums };
}

async function receiveLarge(files: FileStore, source: Readable, check: Check): Promise<Received> {
  const path = files.incoming();
  try {
    await pipeline(source, check.through, createWriteStream(path, { mode: 0o600 }));
    const { size, md5, checksums } = await check.result();
    return { segment: files.keep(path, size), md5, checksums };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** The checksum headers of CompleteMultipartUpload are the object's, not those of the list of parts. */
function ofBody(headers: Headers, { method, url = "" }: IncomingMessage): Headers {
  if (method !== "POST" || !/[?&]uploadId=/.test(url)) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("x-amz-checksum-")));
}

/** Checks the bodies that are held in memory in the same way: configurations, lists of keys. */
export const decode =
  (state: S3State) =>
  (headers: Headers, body: IncomingMessage): Readable =>
    Readable.from(
      (async function* () {
        const check = checking(ofBody(headers, body), undefined, chunkVerifier(headers, state.env.identify), false);
        yield* check.through(body);
        await check.result();
      })(),
      { objectMode: false },
    );

type Check = ReturnType<typeof checking>;
function checking(headers: Headers, wanted: string | undefined, verifier: ChunkVerifier | undefined, byDefault = true) {
  const trailers = new Map<string, string>();
  const hashers = new Map<Algorithm, ReturnType<typeof hasher>>();
  const stated = statedChecksums(Object.entries(headers));
  const trailing = algorithmOf(/^x-amz-checksum-(\w+)/i.exec(headers["x-amz-trailer"] ?? "")?.[1]);
  const named = algorithmOf(wanted ?? headers["x-amz-sdk-checksum-algorithm"]);
  const algorithms = new Set([...(Object.keys(stated) as Algorithm[]), ...(trailing ? [trailing] : []), ...(named ? [named] : [])]);
  if (algorithms.size === 0 && byDefault) algorithms.add(DEFAULT_ALGORITHM);
  for (const algorithm of algorithms) hashers.set(algorithm, hasher(algorithm));
  const md5 = createHash("md5");
  const sha256 = /^[0-9a-f]{64}$/.test(headers["x-amz-content-sha256"] ?? "") ? createHash("sha256") : undefined;
  let size = 0;
  return {
    async *through(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of isChunked(headers) ? unchunk(source, trailers, verifier) : source) {
        size += chunk.length;
        if (size > MAX_BYTES) throw new LocalFault("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400);
        md5.update(chunk);
        sha256?.update(chunk);
        for (const hash of hashers.values()) hash.update(chunk);
        yield chunk;
      }
    },
    async result() {
      const checksums: Partial<Record<Algorithm, string>> = {};
      for (const [algorithm, hash] of hashers) checksums[algorithm] = Buffer.from(await hash.digest()).toString("base64");
      const digest = md5.digest();
      verify(headers, size, digest, sha256?.digest("hex"));
      compareChecksums({ ...stated, ...statedChecksums(trailers) }, checksums);
      return { size, md5: digest.toString("hex"), checksums };
    },
  };
}

function verify(headers: Headers, size: number, md5: Buffer, sha256: string | undefined): void {
  const expected = headers["x-amz-decoded-content-length"] ?? (isChunked(headers) ? undefined : headers["content-length"]);
  if (expected !== undefined && Number(expected) !== size)
    throw new LocalFault("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header", 400);
  const stated = headers["content-md5"];
  if (stated !== undefined) {
    if (Buffer.from(stated, "base64").length !== 16)
      throw new LocalFault("InvalidDigest", "The Content-MD5 you specified was invalid.", 400);
    if (stated !== md5.toString("base64"))
      throw new LocalFault("BadDigest", "The Content-MD5 you specified did not match what we received.", 400);
  }
  if (sha256 !== undefined && sha256 !== headers["x-amz-content-sha256"])
    throw new LocalFault("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.", 400);
}

/**
 * The hash header alone says that a body comes in chunks: `Content-Encoding: aws-chunked` may stand on a plain body (ceph's s3-tests).
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
const isChunked = (headers: Headers): boolean => (headers["x-amz-content-sha256"] ?? "").startsWith("STREAMING-");

function sourceOf(body: unknown): Readable {
  if (body instanceof Readable) return body;
  if (body === undefined || body === null) return Readable.from([]);
  return Readable.from([typeof body === "string" ? Buffer.from(body) : Buffer.from(body as Uint8Array)]);
}
