/** A function's deployable zip. The same sources give the same bytes, so the hash can be compared with AWS's CodeSha256. */
export interface Artifact {
  readonly zip: Uint8Array;
  /** base64 of sha256(zip). */
  readonly sha256: string;
}
