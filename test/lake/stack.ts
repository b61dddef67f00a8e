import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { S3 } from "@aws-sdk/client-s3";
import type { AppOptions } from "../../src/app/contract.ts";
import { type App, openApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config/load.ts";
import { removeFolder } from "../support/folders.ts";
import { localAws } from "../support/local-aws.ts";

export interface LakeStack {
  readonly app: App;
  readonly aws: Awaited<ReturnType<typeof localAws>>;
  readonly s3: S3;
  readonly bucket: string;
  /** The same stack, opened with other options. */
  open(more: Partial<AppOptions>): Promise<App>;
  put(key: string, body: string): Promise<void>;
  keys(prefix: string): Promise<string[]>;
  /** Lines of every archive below a prefix. */
  archived(prefix: string): Promise<string[]>;
  count(table: string): Promise<number>;
  /** Removes every object. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

/** Bucket and tables on a local AWS in this process; the database is a control plane only. */
export async function lakeStack(): Promise<LakeStack> {
  const aws = await localAws();
  const folder = mkdtempSync(join(tmpdir(), "lake-stack-"));
  // Packed files are kept beside the test and not in the user's own cache.
  const cacheBefore = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = folder;
  writeFileSync(join(folder, "fleetlogix.config.json"), "{}");
  const { config } = loadConfig({ cwd: folder, variables: {} });
  const open = (more: Partial<AppOptions>) =>
    openApp(config, {
      endpoint: aws.url,
      local: true,
      concurrency: 8,
      signal: new AbortController().signal,
      localCaFile: join(folder, "ca.pem"),
      ...more,
    });
  const app = await open({});
  const result = await app.apply({ part: "data" }, { adopt: false, allowDataLoss: [], wait: true }, () => {});
  if (!result.ok) throw result.error;
  const bucket = (await app.outputs({ secrets: false })).bucket ?? "";
  const s3 = aws.client(S3, { forcePathStyle: true });
  const keys = async (Prefix: string) => {
    const found: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.listObjectsV2({ Bucket: bucket, Prefix, ContinuationToken });
      found.push(...(page.Contents ?? []).map(({ Key = "" }) => Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    return found;
  };
  return {
    app,
    aws,
    s3,
    bucket,
    open,
    keys,
    put: async (Key, Body) => void (await s3.putObject({ Bucket: bucket, Key, Body })),
    async archived(prefix) {
      const lines: string[] = [];
      for (const Key of await keys(`raw-archive/${prefix}`)) {
        const { Body } = await s3.getObject({ Bucket: bucket, Key });
        const text = gunzipSync((await Body?.transformToByteArray()) ?? new Uint8Array()).toString("utf8");
        lines.push(...text.split("\n").slice(0, -1));
      }
      return lines;
    },
    count: async (table) => Number((await app.lake.query(`SELECT count(*) FROM ${table}`)).rows[0]?.[0]),
    async empty() {
      for (const Key of await keys("")) await s3.deleteObject({ Bucket: bucket, Key });
    },
    async close() {
      if (cacheBefore === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = cacheBefore;
      await aws.close();
      removeFolder(folder);
    },
  };
}

export interface Copy {
  readonly area: "deliveries" | "vehicles" | "routes";
  readonly at: string;
  readonly eventId: string;
  readonly payload: Readonly<Record<string, unknown>>;
}
/** Key and content of a raw copy, as the handlers write them. */
export function rawCopy({ area, at, eventId, payload }: Copy): { readonly key: string; readonly body: string } {
  const [year, month, day] = [at.slice(0, 4), at.slice(5, 7), at.slice(8, 10)];
  const subject = String(payload.delivery_id ?? payload.vehicle_id);
  const key = `raw-data/${area}/year=${year}/month=${month}/day=${day}/${at.replace(/[-:.]/g, "")}-${subject}-${eventId}.json`;
  const route = { deliveries: "POST /delivery", vehicles: "POST /vehicle", routes: "POST /route" }[area];
  return { key, body: JSON.stringify({ event_id: eventId, received_at: at, request_id: `r-${eventId}`, route, payload }) };
}
