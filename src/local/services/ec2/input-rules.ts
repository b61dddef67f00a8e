import type { Violation } from "../../core/model.ts";
import { LocalFault } from "../../core/service.ts";

const nameOf = ({ path }: Violation): string => path.map((part) => (typeof part === "number" ? part + 1 : part)).join(".");

/** EC2's errors name one parameter. EC2 checks patterns and lengths later, with the resource (docs: EC2 API error codes). */
export function refuseInput(found: readonly Violation[]): LocalFault | undefined {
  const missing = found.find(({ rule }) => rule === "required");
  if (missing) return new LocalFault("MissingParameter", `The request must contain the parameter ${nameOf(missing)}`, 400);
  const wrong = found.find(({ rule }) => rule === "enum" || rule === "type");
  if (wrong)
    return new LocalFault("InvalidParameterValue", `Value (${String(wrong.value)}) for parameter ${nameOf(wrong)} is invalid.`, 400);
  const number = found.find(({ shape }) => shape.type === "integer" || shape.type === "long");
  if (!number) return undefined;
  const bound = number.rule === "min" ? `greater than or equal to ${number.shape.min}` : `less than or equal to ${number.shape.max}`;
  const name = nameOf(number);
  return new LocalFault(
    "InvalidParameterValue",
    `Value ( ${String(number.value)} ) for parameter ${name.charAt(0).toLowerCase()}${name.slice(1)} is invalid. Expecting a value ${bound}.`,
    400,
  );
}
