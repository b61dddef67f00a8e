import { randomInt } from "node:crypto";
import type { GetRandomPasswordCommandInput, GetRandomPasswordCommandOutput } from "@aws-sdk/client-secrets-manager";
import type { Handler } from "../../core/service.ts";
import { invalid } from "./secret.ts";

const PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

export const getRandomPassword: Handler<GetRandomPasswordCommandInput, GetRandomPasswordCommandOutput> = (input) => {
  const length = input.PasswordLength ?? 32;
  const excluded = new Set(input.ExcludeCharacters ?? "");
  const kinds = [
    input.ExcludeLowercase ? "" : "abcdefghijklmnopqrstuvwxyz",
    input.ExcludeUppercase ? "" : "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    input.ExcludeNumbers ? "" : "0123456789",
    input.ExcludePunctuation ? "" : PUNCTUATION,
    input.IncludeSpace ? " " : "",
  ]
    .map((kind) => [...kind].filter((character) => !excluded.has(character)))
    .filter((kind) => kind.length > 0);
  if (length < 1 || length > 4096) throw invalid("The password length must be between 1 and 4096.");
  if (kinds.length === 0) throw invalid("You can't exclude every character.");
  const needed = input.RequireEachIncludedType === false ? [] : kinds;
  if (needed.length > length) throw invalid("The password length is too short for the types it must include.");
  const pick = (from: readonly string[]): string => from[randomInt(from.length)] as string;
  const characters = [...needed.map(pick), ...Array.from({ length: length - needed.length }, () => pick(kinds.flat()))];
  for (let i = characters.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [characters[i], characters[j]] = [characters[j] as string, characters[i] as string];
  }
  return { RandomPassword: characters.join("") };
};
