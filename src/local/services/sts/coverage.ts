/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  AssumeRole: "no session policies (refused), session tags, source identity or MFA",
  GetSessionToken: "no MFA",
};
