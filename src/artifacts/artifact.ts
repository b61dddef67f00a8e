/** A function's deployable zip. Same sources, same bytes: the hash is what AWS reports as CodeSha256. */
export interface Artifact {
  readonly zip: Uint8Array;
  /** base64 of sha256(zip). */
  readonly sha256: string;
}
