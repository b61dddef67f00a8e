/** Operations that do less than AWS's, and what they lack. */
export const partial: Readonly<Record<string, string>> = {
  AssumeRole: "no session policies (refused), session tags, source identity or MFA",
  GetSessionToken: "no MFA",
};
