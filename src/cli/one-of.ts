import { nearest } from "../config/problems.ts";
import { FleetlogixError } from "../errors.ts";

/** `word` as one of a closed list; any other word is a usage error that names the list and, where one is near, the word that was meant. */
export function oneOf<const Word extends string>(what: string, word: string, words: readonly Word[]): Word {
  const found = words.find((known) => known === word);
  if (found !== undefined) return found;
  const near = nearest(word, words);
  throw new FleetlogixError("USAGE", `There is no ${what} ${JSON.stringify(word)}.`, {
    hint: `${near === undefined ? "" : `Did you mean ${near}? `}There are: ${words.join(", ")}.`,
  });
}
