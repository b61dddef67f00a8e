import type { Readable } from "node:stream";

export interface StoredObject {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
}

/** The bucket, as the lake needs it. Every call is asked again until it is answered; what then fails throws. */
export interface ObjectStore {
  /** In the order of the keys' UTF-8 bytes, as S3 lists. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Names of the folders in a folder, without its own name and the slash. */
  folders(prefix: string): Promise<readonly string[]>;
  /** undefined: there is no such object (any more). */
  get(key: string): Promise<Buffer | undefined>;
  stream(key: string): Promise<Readable | undefined>;
  /** Writes a local file; big ones in pieces. */
  put(key: string, file: string, contentType: string): Promise<void>;
  /** false: the key is taken. */
  putNew(key: string, file: string, contentType: string): Promise<boolean>;
  remove(keys: readonly string[]): Promise<void>;
}
