import type { Readable } from "node:stream";

export interface StoredObject {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
}

/** The bucket of the lake. Every call is retried. An error that remains is thrown. */
export interface ObjectStore {
  /** Lists objects in the order of the keys' UTF-8 bytes, as S3 does. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Names of the folders in a folder, without its own name and the slash. */
  folders(prefix: string): Promise<readonly string[]>;
  /** undefined: the object does not exist. */
  get(key: string): Promise<Buffer | undefined>;
  stream(key: string): Promise<Readable | undefined>;
  /** Writes a local file. Large files are sent in pieces. */
  put(key: string, file: string, contentType: string): Promise<void>;
  /** Writes a local file when the key is free. Returns false when it exists. */
  putNew(key: string, file: string, contentType: string): Promise<boolean>;
  remove(keys: readonly string[]): Promise<void>;
}
