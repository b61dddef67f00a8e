/** A file of the store, or a place in a pack. An object has one segment, or one for each part of its multipart upload. */
export interface Segment {
  /** A unique name. A small body's is `<pack>@<offset>`. */
  readonly file: string;
  readonly size: number;
}
