import { LocalFault, type LocalService, type TokenNames } from "./service.ts";

const TOKEN = "an-empty-page-was-here";

/** Empties a list's page and marks it as not the last one. */
export function emptyPage(service: LocalService, operation: string, output: Record<string, unknown>): Record<string, unknown> {
  const names = namesOf(service, operation);
  if (!names) throw new LocalFault("NotImplemented", `The fault plan cannot page ${service.name}:${operation}.`, 501);
  const [, token, more] = names;
  const emptied = Object.entries(output).map(([name, value]) => [name, Array.isArray(value) ? [] : value]);
  return { ...Object.fromEntries(emptied), [token]: TOKEN, ...(more ? { [more]: true } : {}) };
}
/** The input of the call that follows an empty page, without the token that `emptyPage` made up. */
export function afterEmptyPage(service: LocalService, operation: string, input: Record<string, unknown>): Record<string, unknown> {
  const names = namesOf(service, operation);
  if (!names || input[names[0]] !== TOKEN) return input;
  const { [names[0]]: _, ...rest } = input;
  return rest;
}
const namesOf = ({ pageTokens }: LocalService, operation: string): TokenNames | undefined =>
  pageTokens?.byOperation?.[operation] ?? pageTokens?.all;
