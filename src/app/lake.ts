import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { ScanCommandOutput } from "@aws-sdk/client-dynamodb";
import { orAbsent } from "../aws/faults.ts";
import { openObjectReader } from "../aws/object-reader.ts";
import type { S3 } from "../aws/sdk/types.ts";
import { FleetlogixError } from "../errors.ts";
import { compact } from "../lake/compact.ts";
import type { Lake } from "../lake/lake.ts";
import { queryLake } from "../lake/query.ts";
import type { ObjectStore } from "../lake/store.ts";
import { BUCKET_ID } from "../stack-ids.ts";
import type { LakeActions } from "./actions.ts";
import { readOutputs } from "./outputs.ts";
import type { Session } from "./session.ts";

export const lakeActions = (session: Session): LakeActions => ({
  compact: (which, emit) => withLake(session, (lake) => compact(lake, which, emit)),
  query: (sql) =>
    withLake(session, (lake, bucket) => {
      const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "fleetlogix", "lake", cacheName(session, bucket));
      mkdirSync(cache, { recursive: true, mode: 0o700 });
      return queryLake(lake, cache, sql);
    }),
});

/** Two local stacks may have buckets of the same name, so each endpoint has its own files. */
const cacheName = ({ options }: Session, bucket: string): string =>
  options.endpoint === undefined ? bucket : `${bucket}@${(options.localCaFile ?? options.endpoint).replace(/\W+/g, "_")}`;

async function withLake<T>(session: Session, work: (lake: Lake, bucket: string) => Promise<T>): Promise<T> {
  const { bucket, tables } = await readOutputs(session, { secrets: false });
  if (bucket === null) {
    throw new FleetlogixError("NOT_DEPLOYED", "There is no data lake yet.", {
      hint: "Create it with `fleetlogix setup` or `fleetlogix up`.",
      resource: BUCKET_ID,
    });
  }
  const folder = mkdtempSync(join(tmpdir(), "fleetlogix-lake-"));
  const lake: Lake = {
    store: await bucketStore(session, bucket),
    alerts: () => alertItems(session, tables.alerts),
    folder,
    signal: session.options.signal,
  };
  try {
    return await work(lake, bucket);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function* alertItems(session: Session, table: string | null): AsyncGenerator<Readonly<Record<string, unknown>>> {
  if (table === null) return;
  const dynamodb = await session.clients.dynamodb();
  let from: ScanCommandOutput["LastEvaluatedKey"];
  do {
    const page = await session.ask("the alerts", () => dynamodb.scan({ TableName: table, ExclusiveStartKey: from }));
    for (const item of page.Items ?? []) yield plainItem(item);
    from = page.LastEvaluatedKey;
  } while (from);
}
/** Turns DynamoDB's typed values into plain ones. It supports only the types that our tables contain. */
function plainItem(item: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plainValue(value as Readonly<Record<string, unknown>>)]));
}
function plainValue({ S, N, BOOL, M, L }: Readonly<Record<string, unknown>>): unknown {
  if (S !== undefined) return S;
  if (N !== undefined) return Number(N);
  if (BOOL !== undefined) return BOOL;
  if (M !== undefined) return plainItem(M as Readonly<Record<string, unknown>>);
  return Array.isArray(L) ? L.map((value) => plainValue(value)) : undefined;
}

const PIECE_BYTES = 16 * 1024 * 1024;

/** The stack's bucket. Calls are retried while AWS is busy. */
export async function bucketStore(session: Session, bucket: string): Promise<ObjectStore> {
  const s3 = await session.clients.s3();
  const { place, options } = session;
  const read = await openObjectReader(session.clients, { ...place, bucket, endpoint: options.endpoint });
  const own = { Bucket: bucket, ExpectedBucketOwner: place.account };
  const body = (Key: string) => session.ask(`the object ${Key}`, () => orAbsent(s3.getObject({ ...own, Key }), "NoSuchKey", "404"));
  const pages = async function* (Prefix: string, Delimiter?: string) {
    let ContinuationToken: string | undefined;
    do {
      const page = await session.ask(`the objects of ${Prefix}`, () => s3.listObjectsV2({ ...own, Prefix, Delimiter, ContinuationToken }));
      yield page;
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
  };
  return {
    async *list(prefix) {
      for await (const { Contents = [] } of pages(prefix))
        for (const { Key = "", ETag = "", Size = 0 } of Contents) yield { key: Key, etag: ETag, size: Size };
    },
    async folders(prefix) {
      const names: string[] = [];
      for await (const { CommonPrefixes = [] } of pages(prefix, "/"))
        names.push(...CommonPrefixes.map(({ Prefix = "" }) => Prefix.slice(prefix.length, -1)));
      return names;
    },
    // The retry includes the body, because a connection may break in the middle of it.
    get: (Key) =>
      session.ask(`the object ${Key}`, async () => {
        const content = await read(Key);
        if (content !== undefined) return content;
        const answer = await orAbsent(s3.getObject({ ...own, Key }), "NoSuchKey", "404");
        return answer?.Body && Buffer.from(await answer.Body.transformToByteArray());
      }),
    stream: async (key) => (await body(key))?.Body as Readable | undefined,
    async put(Key, file, ContentType) {
      if (statSync(file).size > PIECE_BYTES) return void (await putPieces(session, s3, { ...own, Key }, file, ContentType));
      await session.ask(`the object ${Key}`, () => s3.putObject({ ...own, Key, Body: readFileSync(file), ContentType }));
    },
    async putNew(Key, file, ContentType) {
      if (statSync(file).size > PIECE_BYTES) return putPieces(session, s3, { ...own, Key }, file, ContentType, { IfNoneMatch: "*" });
      const put = () => s3.putObject({ ...own, Key, Body: readFileSync(file), ContentType, IfNoneMatch: "*" });
      return (
        (await session.ask(`the object ${Key}`, () => orAbsent(put(), "PreconditionFailed", "ConditionalRequestConflict"))) !== undefined
      );
    },
    async remove(keys) {
      const Objects = keys.map((Key) => ({ Key }));
      const { Errors = [] } = await session.ask("packed raw copies", () => s3.deleteObjects({ ...own, Delete: { Objects, Quiet: true } }));
      const [first] = Errors;
      if (first) throw notRemoved(bucket, first);
    },
  };
}

/** Uploads the file in pieces. Returns false when the key exists and the condition forbids it. */
async function putPieces(
  session: Session,
  s3: S3,
  target: { readonly Bucket: string; readonly Key: string },
  file: string,
  ContentType: string,
  condition: { readonly IfNoneMatch?: string } = {},
): Promise<boolean> {
  const { UploadId } = await session.ask(`the object ${target.Key}`, () => s3.createMultipartUpload({ ...target, ContentType }));
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  const handle = await open(file);
  const buffer = Buffer.alloc(PIECE_BYTES);
  try {
    for (let PartNumber = 1; ; PartNumber++) {
      const { bytesRead } = await handle.read(buffer, 0, PIECE_BYTES);
      if (bytesRead === 0) break;
      const Body = buffer.subarray(0, bytesRead);
      const { ETag } = await session.ask(`the object ${target.Key}`, () => s3.uploadPart({ ...target, UploadId, PartNumber, Body }));
      Parts.push({ PartNumber, ETag });
    }
    const complete = () => s3.completeMultipartUpload({ ...target, UploadId, MultipartUpload: { Parts }, ...condition });
    const answer = await session.ask(`the object ${target.Key}`, () =>
      orAbsent(complete(), "PreconditionFailed", "ConditionalRequestConflict"),
    );
    if (answer === undefined) await session.ask(`the object ${target.Key}`, () => s3.abortMultipartUpload({ ...target, UploadId }));
    return answer !== undefined;
  } finally {
    await handle.close();
  }
}

const notRemoved = (
  bucket: string,
  { Key, Code, Message }: { Key?: string | undefined; Code?: string | undefined; Message?: string | undefined },
) =>
  new FleetlogixError("AWS_FAULT", `The object "${Key}" of the bucket "${bucket}" cannot be removed: ${Code}: ${Message}`, {
    hint: "Allow s3:DeleteObject on the bucket, then run the same command again. The packed files are kept.",
    awsCode: Code,
    resource: BUCKET_ID,
  });
