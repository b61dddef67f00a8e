/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  FilterLogEvents: "no space-delimited patterns ([a, b, …])",
  PutLogEvents: "a stream keeps its newest 64 MB; no metric or subscription filters",
  PutResourcePolicy: "kept and listed, not decided upon; account scope only",
  ListLogGroups: "by name only",
};
