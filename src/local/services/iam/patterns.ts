import { matchesGlob } from "../../core/glob.ts";

export interface Pattern {
  test(text: string): boolean;
}
/** `*` any text, `?` one character. */
export const wildcard = (pattern: string): Pattern => ({ test: (text) => matchesGlob(pattern, text) });

const HEAD = 5;
/** In an ARN a wildcard stays within its segment, save in the last. */
export function arnPattern(pattern: string): Pattern {
  const wanted = segmentsOf(pattern);
  if (!wanted) return wildcard(pattern);
  return {
    test(text) {
      const given = segmentsOf(text);
      return given?.every((segment, i) => matchesGlob(wanted[i] as string, segment)) ?? false;
    },
  };
}
/** The first five, and the rest as one; undefined for what is no ARN. */
function segmentsOf(arn: string): string[] | undefined {
  const parts = arn.split(":");
  return parts.length > HEAD ? [...parts.slice(0, HEAD), parts.slice(HEAD).join(":")] : undefined;
}
