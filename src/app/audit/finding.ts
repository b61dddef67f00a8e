import { orAbsent } from "../../aws/faults.ts";
import type { Session } from "../session.ts";

/** The result of one control for one resource. */
export interface Seen {
  /** Id of the control. */
  readonly control: string;
  /** Name of the resource on AWS. */
  readonly resource: string;
  readonly ok: boolean;
  /** The problem, or a sentence that there is none. */
  readonly message: string;
}
/** Id of a control, its condition, and the message when the condition is false. */
export type Check<Live> = readonly [control: string, holds: (live: Live) => boolean, wrong: string];
/** Reads one service of the stack on AWS and checks it. */
export type Look = (session: Session) => Promise<readonly Seen[]>;

/** Checks a live resource against each control. Undefined: the resource does not exist, and each control fails. */
export function judge<Live>(resource: string, live: Live | undefined, checks: readonly Check<Live>[]): readonly Seen[] {
  return checks.map(([control, holds, wrong]) => {
    if (live === undefined) return { control, resource, ok: false, message: "it does not exist" };
    const ok = holds(live);
    return { control, resource, ok, message: ok ? "as it should be" : wrong };
  });
}
/** One read; undefined when AWS answers with one of the codes. */
export const read = <T>({ ask }: Session, what: string, call: () => Promise<T>, ...absent: readonly string[]): Promise<T | undefined> =>
  ask(what, () => orAbsent(call(), ...absent));

export interface Statement {
  readonly Effect?: string;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly NotAction?: unknown;
  readonly Action?: unknown;
  readonly Resource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
/** Statements of a policy from AWS: plain JSON, or URL-encoded JSON (IAM). A text that is not a policy has none. */
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

/** True when a statement denies everybody the action without TLS. */
export const deniesPlainText = (statements: readonly Statement[], action: RegExp): boolean =>
  statements.some(
    ({ Effect, Principal, Action, Condition }) =>
      Effect === "Deny" &&
      (Principal === "*" || listOf((Principal as { AWS?: unknown } | undefined)?.AWS).includes("*")) &&
      listOf(Action).some((one) => action.test(one)) &&
      String(Condition?.Bool?.["aws:SecureTransport"]) === "false",
  );

/** True when a statement allows `*`, another account, or a service that is not limited to this account. */
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
/** True when the resource has the stack's tag. */
export const isTagged = (tags: Readonly<Record<string, string | undefined>>, { stackName }: Session): boolean =>
  tags["fleetlogix:stack"] === stackName;
