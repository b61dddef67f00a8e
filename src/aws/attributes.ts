import type { Change } from "../engine/contract.ts";
import { differences } from "./changes.ts";

/**
 * One attribute of a kind: how it is read from AWS's answer, its desired value, and how it is changed.
 * `Answer` holds the arguments of `read`. `Write` is the attribute's part of a call (members, patch operations), or the call itself.
 */
export interface Attribute<Spec, Live, Answer extends readonly unknown[], Write> {
  read(...answer: Answer): unknown;
  wanted(spec: Spec, live: Live): unknown;
  /** undefined: it is changed together with another attribute. */
  write?(spec: Spec, live: Live): Write;
  /** Members that AWS demands together with this one. */
  neededWith?(spec: Spec, live: Live): Write;
  /** AWS never makes it smaller: a larger live value is no difference. `keep`: what to write in the configuration to match it. */
  readonly growsOnly?: { isMore(spec: Spec, live: Live): boolean; keep(live: Live): string };
}
/** An attribute that AWS reports and takes by one name. `unset`: its meaning when AWS does not report it. */
export const member =
  <Spec, Answer, Write>() =>
  <Name extends keyof Answer & keyof Write>(
    name: Name,
    wanted: (spec: Spec) => Write[Name],
    unset?: Answer[Name],
  ): Attribute<Spec, unknown, [answer: Answer], Pick<Write, Name>> => ({
    read: (answer) => answer[name] ?? unset,
    wanted,
    write: (spec) => ({ [name]: wanted(spec) }) as Pick<Write, Name>,
  });
/** By path of the change. */
export type Attributes<Spec, Live, Answer extends readonly unknown[], Write> = Readonly<
  Record<string, Attribute<Spec, Live, Answer, Write>>
>;
/** Live values, by path. */
export type AttributeValues = Readonly<Record<string, unknown>>;

export const readAttributes = <Spec, Live, Answer extends readonly unknown[], Write>(
  table: Attributes<Spec, Live, Answer, Write>,
  ...answer: Answer
): AttributeValues => Object.fromEntries(Object.entries(table).map(([path, { read }]) => [path, read(...answer)]));

export const wantedAttributes = <Spec, Live, Answer extends readonly unknown[], Write>(
  table: Attributes<Spec, Live, Answer, Write>,
  spec: Spec,
  live: Live,
): AttributeValues => Object.fromEntries(Object.entries(table).map(([path, { wanted }]) => [path, wanted(spec, live)]));

/** One change for each attribute whose live value does not mean the desired one. */
export const attributeChanges = <Spec, Live, Answer extends readonly unknown[], Write>(
  table: Attributes<Spec, Live, Answer, Write>,
  values: AttributeValues,
  spec: Spec,
  live: Live,
): readonly Change[] =>
  Object.entries(table).flatMap(([path, { wanted, growsOnly }]) =>
    growsOnly?.isMore(spec, live) ? [] : differences({ [path]: [values[path], wanted(spec, live)] }),
  );

/** The members of all attributes: for a create, or for a call that replaces every setting. */
export const allWrites = <Spec, Answer extends readonly unknown[], Write extends object>(
  table: Attributes<Spec, unknown, Answer, Write>,
  spec: Spec,
): Write => Object.assign({}, ...Object.values(table).map(({ write }) => write?.(spec, undefined)));

/** The writes of the changed attributes, each followed by what AWS demands with it. */
export const writesOf = <Spec, Live, Answer extends readonly unknown[], Write>(
  table: Attributes<Spec, Live, Answer, Write>,
  changes: readonly Change[],
  spec: Spec,
  live: Live,
): readonly Write[] =>
  changes.flatMap(({ path }) => {
    const { write, neededWith } = table[path] ?? {};
    return [...(write ? [write(spec, live)] : []), ...(neededWith ? [neededWith(spec, live)] : [])];
  });
