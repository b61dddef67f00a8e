import type { Bucket } from "./aws/s3.ts";
import { asFault, eventIdReused, unavailable } from "./errors.ts";
import type { EventIdentity } from "./identity.ts";

export type RawArea = "deliveries" | "vehicles" | "routes";

export interface RawCopy {
  readonly area: RawArea;
  /** Id of the delivery or vehicle that the event is about. */
  readonly subject: string;
  readonly event: EventIdentity;
  /** `POST /delivery` and the like. */
  readonly route: string;
  readonly receivedAt: Date;
  readonly requestId: string;
  /** As received. */
  readonly payload: unknown;
}

export interface StoredCopy {
  readonly key: string;
  /** An earlier call left this copy. */
  readonly seenBefore: boolean;
}

type KeyParts = { readonly ms: number; readonly id: string };

/**
 * The key `raw-data/<area>/year=YYYY/month=MM/day=DD/<time>-<delivery or vehicle>-<event_id>.json`. It depends on the event only, so a
 * retry finds its copy.
 */
export const rawKey = (area: RawArea, subject: string, event: KeyParts): string => objectKey(area, event.ms, `${subject}-${event.id}`);
/** The key that the previous version used, without the delivery or vehicle. */
export const oldRawKey = (area: RawArea, event: KeyParts): string => objectKey(area, event.ms, event.id);

function objectKey(area: RawArea, ms: number, name: string): string {
  const time = new Date(ms).toISOString();
  const [year, month, day] = [time.slice(0, 4), time.slice(5, 7), time.slice(8, 10)];
  return `raw-data/${area}/year=${year}/month=${month}/day=${day}/${time.replace(/[-:.]/g, "")}-${name}.json`;
}

/**
 * Writes the event's copy unless it exists. Throws EVENT_ID_REUSED when the existing copy has another content: two events under one key
 * would lose one of them.
 */
export async function storeRawCopy(bucket: Bucket, copy: RawCopy, signal: AbortSignal): Promise<StoredCopy> {
  const key = rawKey(copy.area, copy.subject, copy.event);
  // A copy that prevented the write may be deleted before it is read: then try again.
  for (let round = 0; round < 3; round++) {
    if (await putIfAbsent(bucket, key, copy, signal)) return { key, seenBefore: false };
    const found = await readMetadata(bucket, key, signal);
    if (found === undefined) continue;
    if (found.fingerprint !== undefined && found.fingerprint !== copy.event.fingerprint) throw eventIdReused();
    // The existing copy is our own when the request was repeated because its first answer was lost.
    return { key, seenBefore: found.invocation !== copy.event.invocation };
  }
  throw unavailable(new Error("The raw copy could neither be written nor found."));
}

/** The copy of this event under the key of the previous version, which other deliveries and vehicles may share. */
export async function findOldCopy(bucket: Bucket, copy: RawCopy, signal: AbortSignal): Promise<StoredCopy | undefined> {
  const key = oldRawKey(copy.area, copy.event);
  const found = await readMetadata(bucket, key, signal);
  return found?.fingerprint === copy.event.fingerprint ? { key, seenBefore: true } : undefined;
}

async function putIfAbsent(bucket: Bucket, key: string, copy: RawCopy, signal: AbortSignal): Promise<boolean> {
  const content = {
    event_id: copy.event.id,
    received_at: copy.receivedAt.toISOString(),
    request_id: copy.requestId,
    route: copy.route,
    payload: copy.payload,
  };
  const metadata = { fingerprint: copy.event.fingerprint, invocation: copy.event.invocation };
  try {
    await bucket.putIfAbsent({ key, contentType: "application/json", body: JSON.stringify(content), metadata }, signal);
    return true;
  } catch (error) {
    const fault = asFault(error);
    // 409: another conditional write of this key is in progress. It may succeed or fail, so look for the copy.
    if (fault.name === "PreconditionFailed" || fault.name === "ConditionalRequestConflict") return false;
    throw error;
  }
}

interface CopyMetadata {
  readonly fingerprint: string | undefined;
  readonly invocation: string | undefined;
}

async function readMetadata(bucket: Bucket, key: string, signal: AbortSignal): Promise<CopyMetadata | undefined> {
  try {
    const metadata = await bucket.metadataOf(key, signal);
    return { fingerprint: metadata.get("fingerprint"), invocation: metadata.get("invocation") };
  } catch (error) {
    // Without the permission to list the bucket, S3 answers 403 for a missing key.
    const status = asFault(error).$metadata?.httpStatusCode;
    if (status === 404 || status === 403) return undefined;
    throw error;
  }
}
