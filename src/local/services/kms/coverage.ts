/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  CreateKey: "symmetric keys of one region; without key material, for nothing is encrypted here",
  EnableKeyRotation: "kept and shown",
  ListAliases: "those of customer keys",
};
