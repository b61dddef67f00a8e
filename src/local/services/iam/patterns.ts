import { matchesGlob } from "../../core/glob.ts";

export interface Pattern {
  test(text: string): boolean;
}
/** Pattern in which `*` stands for any text and `?` for one character. */
export const wildcard = (pattern: string): Pattern => ({ test: (text) => matchesGlob(pattern, text) });

const HEAD = 5;
/** In an ARN, a wildcard matches only within its segment, except in the last segment. */
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
/** The first five segments, and the rest as one; undefined when the text is no ARN. */
function segmentsOf(arn: string): string[] | undefined {
  const parts = arn.split(":");
  return parts.length > HEAD ? [...parts.slice(0, HEAD), parts.slice(HEAD).join(":")] : undefined;
}
