import { type Item, type SetType, setMember, typeOf, type Value } from "../values/attribute-value.ts";
import { invalid } from "../values/faults.ts";
import { addNumbers } from "../values/number.ts";
import { findValue, type Path } from "./paths.ts";
import type { Action, UpdateOperand } from "./update-parser.ts";

const wrongType = (): Error => invalid("An operand in the update expression has an incorrect data type");

/**
 * Changes `item`, a deep copy of `before`, and returns it. Every operand and every index refers to the state before the update. An update
 * that only removes changes nothing when the item does not exist.
 */
export function applyUpdate(actions: readonly Action[], before: Item, item: Item): Item {
  const assigned = actions.flatMap((action) => {
    const value = assignedValue(action, before);
    return value === "keep" ? [] : [{ path: action.path, value }];
  });
  const targets = assigned.flatMap(({ path, value }) => {
    // Removing from a missing item is no error. Removing below a missing map or list of an existing item is one.
    if (!value && Object.keys(before).length === 0) return [];
    return [{ parent: parentOf(path, item), step: path.at(-1) as string | number, value }];
  });
  const removedElements = new Map<Value, Set<string | number>>();
  for (const { parent, step, value } of targets.sort(byIndex)) {
    if (value && parent.L) setElement(parent.L, step as number, value);
    else if (value) setMember(parent.M as Item, step as string, value);
    else if (parent.M) delete parent.M[step];
    else removedElements.set(parent, (removedElements.get(parent) ?? new Set()).add(step));
  }
  for (const [parent, steps] of removedElements) parent.L = parent.L?.filter((_, i) => !steps.has(i)) as Value[];
  return item;
}

/** An index past the end appends. Lower indexes are applied first. */
function setElement(list: Value[], index: number, value: Value): void {
  list[Math.min(index, list.length)] = value;
}
const byIndex = (a: { readonly step: string | number }, b: { readonly step: string | number }): number =>
  typeof a.step === "number" && typeof b.step === "number" ? a.step - b.step : 0;

/** The map or list that holds the last step of the path. Throws when there is none. */
function parentOf(path: Path, item: Item): Value {
  if (path.length === 1) return { M: item };
  const parent = findValue(item, path.slice(0, -1) as unknown as Path);
  if (!parent || (typeof path.at(-1) === "number" ? !parent.L : !parent.M))
    throw invalid("The document path provided in the update expression is invalid for update");
  return parent;
}

/** The new value at the action's path. undefined: the value there is removed. "keep": it stays unchanged. */
function assignedValue(action: Action, before: Item): Value | undefined | "keep" {
  if (action.kind === "remove") return undefined;
  if (action.kind === "set") return operandValue(action.operand, before);
  const existing = findValue(before, action.path);
  const type = typeOf(action.value);
  if (existing && typeOf(existing) !== type) throw action.isLegacy ? invalid("Type mismatch for attribute to update") : wrongType();
  if (action.kind === "delete")
    return existing ? withoutMembers(existing, action.value, type as SetType) : keepExisting(action.path, before);
  if (type === "L") return { L: [...(existing?.L ?? []), ...(action.value.L ?? [])] };
  if (type === "N") return { N: addNumbers(existing?.N ?? "0", action.value.N as string) };
  const members = new Set([...(existing?.[type as SetType] ?? []), ...(action.value[type as SetType] ?? [])]);
  return { [type]: [...members] };
}
function keepExisting(path: Path, before: Item): "keep" {
  parentOf(path, before);
  return "keep";
}
function withoutMembers(existing: Value, removed: Value, type: SetType): Value | undefined {
  const removedMembers = new Set(removed[type]);
  const remaining = (existing[type] as string[]).filter((member) => !removedMembers.has(member));
  return remaining.length > 0 ? { [type]: remaining } : undefined;
}

function operandValue(operand: UpdateOperand, before: Item): Value {
  if ("value" in operand) return operand.value;
  if ("path" in operand) {
    const value = findValue(before, operand.path);
    if (!value) throw invalid("The provided expression refers to an attribute that does not exist in the item");
    return value;
  }
  if (operand.op === "if_not_exists") {
    const existing = "path" in operand.left ? findValue(before, operand.left.path) : undefined;
    return existing ?? operandValue(operand.right, before);
  }
  const [left, right] = [operandValue(operand.left, before), operandValue(operand.right, before)];
  if (operand.op === "list_append") {
    if (!left.L || !right.L) throw wrongType();
    return { L: [...left.L, ...right.L] };
  }
  if (left.N === undefined || right.N === undefined) throw wrongType();
  return { N: addNumbers(left.N, right.N, operand.op === "-") };
}
