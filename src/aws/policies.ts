import * as z from "zod";
import type { Change } from "../engine/contract.ts";
import { normalForm } from "../normal-form.ts";
import { oneLine } from "../printable.ts";
import { parseEncodedJson } from "./answers.ts";

export type OneOrMore = string | readonly string[];
export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: "*" | Readonly<Record<string, OneOrMore>>;
  readonly Action: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;
}
export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

/** Name of the inline policy by which a function's role may use the stack's key. */
export const KEY_POLICY = "fleetlogix-key";

type Loose = Readonly<Record<string, unknown>>;

/**
 * The form in which two policies that allow the same are equal. AWS rewrites a policy: it URL-encodes it (IAM), turns single
 * values into lists or lists into single values, changes the order, writes an account's id as the ARN of its root, and adds `Sid`s.
 */
export function policyForm(document: string | PolicyDocument | undefined): unknown {
  if (document === undefined || document === "") return undefined;
  const policy: Loose = typeof document === "string" ? parsePolicy(document) : { ...document };
  return normalForm({ Version: policy.Version ?? "2008-10-17", Statement: list(policy.Statement).map((s) => statementForm(s as Loose)) });
}

/** The statements of a policy, for a comparison of each. */
export type Statements = readonly Loose[];
export const statementsOf = (document: string | PolicyDocument | undefined): Statements =>
  document === undefined || document === ""
    ? []
    : list(typeof document === "string" ? parsePolicy(document).Statement : document.Statement).map((s) => ({ ...(s as Loose) }));

/**
 * One change for each statement, by its name: a plan names every foreign statement that it removes. A statement that means the same as
 * a desired one is no difference, whatever its name.
 */
export function statementChanges(path: string, live: Statements, wanted: PolicyDocument): readonly Change[] {
  const key = (s: Loose) => JSON.stringify(normalForm(statementForm(s)));
  const desired = statementsOf(wanted);
  const keys = { there: new Set(live.map(key)), desired: new Set(desired.map(key)) };
  const missing = desired.filter((s) => !keys.there.has(key(s)));
  const surplus = live.filter((s) => !keys.desired.has(key(s)));
  const name = (s: Loose) => oneLine(String(s.Sid ?? "(without a name)"));
  const changed = (s: Loose) => surplus.find((other) => other.Sid !== undefined && other.Sid === s.Sid);
  const foreign = surplus.filter((s) => !missing.some((m) => m.Sid !== undefined && m.Sid === s.Sid));
  return [
    ...missing.map((s): Change => ({ path: `${path}.${name(s)}`, from: changed(s), to: s })),
    ...foreign.map(
      (s): Change => ({ path: `${path}.${name(s)}`, from: `statement ${name(s)} (not ours): ${JSON.stringify(s)}`, to: "removed" }),
    ),
  ];
}

/** A text that is no policy differs from every desired policy. */
function parsePolicy(text: string): Loose {
  const { data } = looseSchema.safeParse(parseEncodedJson(text));
  return data ?? { Statement: [{ Effect: `unreadable: ${text.slice(0, 100)}` }] };
}
const loose = z.record(z.string(), z.unknown());
const statement = z.looseObject({
  Principal: z.union([z.literal("*"), loose]).optional(),
  Condition: z.record(z.string(), loose).optional(),
});
const looseSchema = z.looseObject({ Statement: z.union([statement, z.array(statement)]).optional() });

function statementForm(statement: Loose): unknown {
  const form: Record<string, unknown> = { Effect: statement.Effect };
  for (const key of ["Action", "NotAction"]) form[key] = strings(statement[key]).map((action) => action.toLowerCase());
  for (const key of ["Resource", "NotResource"]) form[key] = strings(statement[key]);
  for (const key of ["Principal", "NotPrincipal"]) form[key] = principalForm(statement[key]);
  form.Condition = conditionForm(statement.Condition as Loose | undefined);
  return form;
}

function principalForm(principal: unknown): unknown {
  if (principal === undefined) return undefined;
  if (typeof principal === "string") return { AWS: [principal] };
  return Object.fromEntries(Object.entries(principal as Loose).map(([type, who]) => [type, strings(who).map(accountRoot)]));
}
const accountRoot = (who: string) => /^arn:[^:]+:iam::(\d{12}):root$/.exec(who)?.[1] ?? who;

/** Names of operators and keys are not case-sensitive; values are. */
function conditionForm(condition: Loose | undefined): unknown {
  return Object.fromEntries(
    Object.entries(condition ?? {}).map(([operator, keys]) => [
      operator.toLowerCase(),
      Object.fromEntries(Object.entries(keys as Loose).map(([key, values]) => [key.toLowerCase(), strings(values)])),
    ]),
  );
}

const list = (value: unknown): readonly unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);
const strings = (value: unknown): readonly string[] => [...new Set(list(value).map(String))];
