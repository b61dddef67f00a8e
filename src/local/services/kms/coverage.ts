/** Operations that do less than AWS's, and what they lack. */
export const partial: Readonly<Record<string, string>> = {
  CreateKey: "symmetric keys of one region; without key material, for nothing is encrypted here",
  EnableKeyRotation: "kept and shown",
  ListAliases: "those of customer keys",
};
