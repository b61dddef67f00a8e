import { difference, snapshot } from "../campaign/snapshot.ts";
import type { Documents } from "../documents.ts";
import type { PassingCall } from "./proxy.ts";
import { OWN_SECRET, STRANGER, type World } from "./world.ts";

/** Ends a scenario: what should hold does not. */
export class Broken extends Error {}
export function hold(invariant: string, fault: string | undefined): void {
  if (fault !== undefined) throw new Broken(`${invariant}: ${fault}`);
}

/** Runs the command to its end; Broken unless it ends well. */
export async function must(world: World, invariant: string, ...args: readonly string[]): Promise<string> {
  const { code, signal, stdout, stderr } = await world.run(args);
  hold(invariant, code === 0 ? undefined : `\`${args.join(" ")}\` ended with ${code ?? signal}: ${(stderr || stdout).slice(-1_500)}`);
  return stdout;
}
/** The same, and it may change nothing. */
export async function mustKeep(world: World, ...args: readonly string[]): Promise<void> {
  await must(world, "I2", ...args);
  const writes = writesOf(world.proxy.calls());
  hold(
    "I8",
    writes.length === 0 ? undefined : `\`${args.join(" ")}\` had nothing to do and wrote: ${writes.map((call) => call.name).join(", ")}`,
  );
}
export const writesOf = (calls: readonly PassingCall[]): readonly PassingCall[] => calls.filter((call) => call.write);

export const stateOf = (world: World, foreign: Documents): readonly string[] => snapshot(world.documents(), foreign);
export const sameState = (wanted: readonly string[], got: readonly string[]): void => hold("I1", difference(wanted, got));

/** What a plain run makes, it makes once, however often it was killed. */
export function madeOnce(world: World): void {
  const seen = new Set<string>();
  for (const { service, operation, effect, input } of world.calls()) {
    // A deployment is what a stage points at; one that no stage took is made anew.
    if (!effect || !/^Create(?!Deployment|Tags)/.test(operation)) continue;
    const key = `${service}:${operation} ${JSON.stringify(input)}`;
    hold("I9", seen.has(key) ? `made twice: ${key.slice(0, 300)}` : undefined);
    seen.add(key);
  }
}

/** Nothing of somebody else differs, and nothing that we wrote named it. */
export function othersUntouched(world: World, before: Documents): void {
  const now = world.documents();
  for (const [key, value] of before)
    if (!key.startsWith("local.")) hold("I5", JSON.stringify(now.get(key)) === JSON.stringify(value) ? undefined : `${key} was touched`);
  const named = world.calls().find((call) => call.write && JSON.stringify(call.input).includes(STRANGER));
  hold("I5", named && `${named.service}:${named.operation} names what is not ours`);
}

/** No secret in anything that was said, in any spelling. `but`: none other than what the check itself asked for. */
export function secretsKept(world: World): void {
  const said = world.heard();
  for (const [what, secret] of secretsOf(world.documents())) {
    const spellings = [secret, Buffer.from(secret).toString("base64").replace(/=+$/, ""), encodeURIComponent(secret)];
    hold("I7", spellings.some((spelling) => said.includes(spelling)) ? `${what} was said` : undefined);
  }
}
function secretsOf(documents: Documents): readonly (readonly [what: string, secret: string])[] {
  const found: (readonly [what: string, secret: string])[] = [["the secret access key", OWN_SECRET]];
  for (const [key, value] of documents) {
    const text = JSON.stringify(value) ?? "";
    const password = /\\"password\\":\\"((?:[^"\\]|\\\\.)+?)\\"/.exec(text)?.[1];
    if (key.startsWith("secretsmanager.") && password) found.push([`the password of ${key}`, password]);
    const apiKey = key.startsWith("apigateway.") ? /"value":"([A-Za-z0-9]{20,})"/.exec(text)?.[1] : undefined;
    if (apiKey) found.push([`the API key of ${key}`, apiKey]);
  }
  return found;
}
