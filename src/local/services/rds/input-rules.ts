import type { Violation } from "../../core/model.ts";
import { LocalFault } from "../../core/service.ts";

const nameOf = ({ path }: Violation): string => path.map((part) => (typeof part === "number" ? part + 1 : part)).join(".");

/** RDS's errors name one parameter. */
export function refuseInput(found: readonly Violation[]): LocalFault | undefined {
  const [first] = found;
  if (!first) return undefined;
  if (first.rule === "required") return new LocalFault("MissingParameter", `The request must contain the parameter ${nameOf(first)}`, 400);
  if (first.rule === "type") return new LocalFault("InvalidParameterValue", `Invalid value for the parameter ${nameOf(first)}`, 400);
  return new LocalFault("InvalidParameterValue", `Invalid value '${String(first.value)}' for the parameter ${nameOf(first)}.`, 400);
}
