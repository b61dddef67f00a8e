import { matchesGlob } from "../../core/glob.ts";

export interface Pattern {
  test(text: string): boolean;
}
/** Pattern in which `*` stands for any text and `?` for one character. */
export const wildcard = (pattern: string): Pattern => ({ test: (text) => matchesGlob(pattern, text) });

const SEGMENTS_BEFORE_RESOURCE = 5;
/** In an ARN, a wildcard matches only within its segment, except in the last segment. */
export function arnPattern(pattern: string): Pattern {
  const ofPattern = segmentsOf(pattern);
  if (!ofPattern) return wildcard(pattern);
  return {
    test(text) {
      const ofText = segmentsOf(text);
      return ofText?.every((segment, i) => matchesGlob(ofPattern[i] as string, segment)) ?? false;
    },
  };
}
/** The first five segments, and the rest as one; undefined when the text is no ARN. */
function segmentsOf(arn: string): string[] | undefined {
  const parts = arn.split(":");
  return parts.length > SEGMENTS_BEFORE_RESOURCE
    ? [...parts.slice(0, SEGMENTS_BEFORE_RESOURCE), parts.slice(SEGMENTS_BEFORE_RESOURCE).join(":")]
    : undefined;
}
