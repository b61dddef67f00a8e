import { distance } from "fastest-levenshtein";
import { FleetlogixError } from "../errors.ts";

/** The entries of `words` that are similar to `word`: a few letters differ, or their order. The most similar is first. */
export function allNear(word: string, words: readonly string[]): readonly string[] {
  const letters = (text: string) => [...text.toLowerCase()].sort().join("");
  return words
    .map((known) => ({
      known,
      far: letters(known) === letters(word) ? 0 : distance(word.toLowerCase(), known.toLowerCase()),
    }))
    .filter(({ far }) => far <= Math.max(1, Math.floor(word.length / 3)))
    .sort((a, b) => a.far - b.far)
    .map(({ known }) => known);
}
export const nearest = (word: string, words: readonly string[]): string | undefined => allNear(word, words)[0];

/** Hint for a word that is not in a closed list: the most similar word, then the sentence `list` (default: all words). */
export function choiceHint(word: string, words: readonly string[], list = `There are: ${words.join(", ")}.`): string {
  const near = nearest(word, words);
  return near === undefined ? list : `Did you mean ${near}? ${list}`;
}

/** Returns `word` when it is in the closed list; otherwise throws USAGE with the list and the most similar word. */
export function oneOf<const Word extends string>(what: string, word: string, words: readonly Word[]): Word {
  const found = words.find((known) => known === word);
  if (found !== undefined) return found;
  throw new FleetlogixError("USAGE", `There is no ${what} ${JSON.stringify(word)}.`, { hint: choiceHint(word, words) });
}
