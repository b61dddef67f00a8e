/** A file of the store, or a place in a pack; an object is one of them, or one per part of its multipart upload. */
export interface Segment {
  /** Unlike every other's. `<pack>@<offset>` for a small one. */
  readonly file: string;
  readonly size: number;
}
