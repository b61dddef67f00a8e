import { makeService } from "./service.ts";
import { toXmlFault } from "./xml-fault.ts";

/** Objects of one bucket. */
export interface Bucket {
  /** Writes the object. Fails with PreconditionFailed when the key exists. */
  readonly putIfAbsent: (object: NewObject, signal: AbortSignal) => Promise<void>;
  /** The object's user-defined metadata. */
  readonly metadataOf: (key: string, signal: AbortSignal) => Promise<ReadonlyMap<string, string>>;
}
export interface NewObject {
  readonly key: string;
  readonly contentType: string;
  readonly body: string;
  /** ASCII. */
  readonly metadata: Readonly<Record<string, string>>;
}

const ATTEMPTS = 3;
const META = "x-amz-meta-";

/** A custom endpoint has no DNS name for each bucket: there the bucket is part of the path. */
export function openBucket(bucket: string, env: NodeJS.ProcessEnv): Bucket {
  const service = makeService("s3", env, ATTEMPTS, `${bucket}.s3`);
  const prefix = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL ? `/${bucket}/` : "/";
  const pathOf = (key: string): string => prefix + key.split("/").map(encode).join("/");
  return {
    // The signature covers the hash of the body, so S3 refuses a body that changed on its way.
    async putIfAbsent({ key, contentType, body, metadata }, signal) {
      const meta = Object.fromEntries(Object.entries(metadata).map(([name, value]) => [META + name, value]));
      const headers = { "Content-Type": contentType, "If-None-Match": "*", ...meta };
      await service({ method: "PUT", path: pathOf(key), headers, body, toFault: toXmlFault }, signal);
    },
    async metadataOf(key, signal) {
      const { headers } = await service({ method: "HEAD", path: pathOf(key), headers: {}, body: "", toFault: toXmlFault }, signal);
      const own = Object.entries(headers).filter(([name]) => name.startsWith(META));
      return new Map(own.map(([name, value]) => [name.slice(META.length), String(value)]));
    },
  };
}

/** Percent-encodes as SigV4 requires: everything but letters, digits and `-._~`. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
