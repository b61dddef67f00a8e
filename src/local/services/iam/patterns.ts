const cache = new Map<string, RegExp>();
function remembered(key: string, make: () => RegExp): RegExp {
  const known = cache.get(key);
  if (known) return known;
  if (cache.size > 2_000) cache.clear();
  const made = make();
  cache.set(key, made);
  return made;
}
const escaped = (text: string, star: string): string =>
  text
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", star)
    .replaceAll("?", star === ".*" ? "." : "[^:]");
/** `*` any text, `?` one character. */
export const wildcard = (pattern: string): RegExp => remembered(`w${pattern}`, () => new RegExp(`^${escaped(pattern, ".*")}$`, "s"));
/** In an ARN a wildcard stays within its segment, save in the last. */
export function arnPattern(pattern: string): RegExp {
  return remembered(`a${pattern}`, () => {
    const parts = pattern.split(":");
    if (parts.length < 6) return new RegExp(`^${escaped(pattern, ".*")}$`, "s");
    const head = parts.slice(0, 5).map((part) => escaped(part, "[^:]*"));
    return new RegExp(`^${[...head, escaped(parts.slice(5).join(":"), ".*")].join(":")}$`, "s");
  });
}
