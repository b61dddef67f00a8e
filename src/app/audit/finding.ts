import { orAbsent } from "../../aws/faults.ts";
import type { Session } from "../session.ts";

/** What was seen of one control at one resource. */
export interface Seen {
  /** Id of the control. */
  readonly control: string;
  /** Name of the resource on AWS. */
  readonly resource: string;
  readonly ok: boolean;
  /** What is wrong, or what was seen. */
  readonly message: string;
}
/** A control's id, when it holds, and what is wrong when it does not. */
export type Check<Live> = readonly [control: string, holds: (live: Live) => boolean, wrong: string];
/** Looks at one service of the stack as it is on AWS now. */
export type Look = (session: Session) => Promise<readonly Seen[]>;

/** Holds what AWS says of a resource against each control; nothing: it does not exist, and no control holds. */
export function judge<Live>(resource: string, live: Live | undefined, checks: readonly Check<Live>[]): readonly Seen[] {
  return checks.map(([control, holds, wrong]) => {
    if (live === undefined) return { control, resource, ok: false, message: "it does not exist" };
    const ok = holds(live);
    return { control, resource, ok, message: ok ? "as it should be" : wrong };
  });
}
/** One read, or undefined where AWS answers with one of the codes. */
export const read = <T>({ ask }: Session, what: string, call: () => Promise<T>, ...absent: readonly string[]): Promise<T | undefined> =>
  ask(what, () => orAbsent(call(), ...absent));

// ── policies ──────────────────────────────────────────────────────────────────────────────
export interface Statement {
  readonly Effect?: string;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly NotAction?: unknown;
  readonly Action?: unknown;
  readonly Resource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
/** Of a policy as AWS answers it: plain JSON, or URL-encoded (IAM). What is no policy allows nothing that could be judged. */
export function statementsOf(policy: string | undefined): readonly Statement[] {
  if (!policy) return [];
  try {
    const text = policy.trimStart().startsWith("{") ? policy : decodeURIComponent(policy);
    return [(JSON.parse(text) as { Statement?: Statement | Statement[] }).Statement ?? []].flat();
  } catch {
    return [];
  }
}
export const listOf = (value: unknown): readonly string[] => (value === undefined ? [] : [value].flat().map(String));

/** Denies everybody the action without TLS. */
export const deniesPlainText = (statements: readonly Statement[], action: RegExp): boolean =>
  statements.some(
    ({ Effect, Principal, Action, Condition }) =>
      Effect === "Deny" &&
      (Principal === "*" || listOf((Principal as { AWS?: unknown } | undefined)?.AWS).includes("*")) &&
      listOf(Action).some((one) => action.test(one)) &&
      String(Condition?.Bool?.["aws:SecureTransport"]) === "false",
  );

/** Allows somebody outside of the account: no `*`, no other account, services for this account only. */
export function opensOutside(statements: readonly Statement[], account: string): boolean {
  return statements.some(({ Effect, Principal, NotPrincipal, Condition }) => {
    if (Effect !== "Allow") return false;
    if (NotPrincipal !== undefined || Principal === "*") return true;
    const { AWS, Service, ...others } = (Principal ?? {}) as { AWS?: unknown; Service?: unknown };
    const accounts = listOf(AWS).some((who) => who !== account && !who.includes(`::${account}:`));
    const bound = JSON.stringify(Condition ?? {}).includes(account);
    return accounts || Object.keys(others).length > 0 || (Service !== undefined && !bound);
  });
}
/** Where the value of a tag says that it is ours. */
export const isTagged = (tags: Readonly<Record<string, string | undefined>>, { stackName }: Session): boolean =>
  tags["fleetlogix:stack"] === stackName;
