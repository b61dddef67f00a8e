import type { Violation } from "../../core/model.ts";
import { LocalFault } from "../../core/service.ts";

/** SNS's own message for a missing parameter. The operations report all other invalid values. */
export function refuseInput(found: readonly Violation[]): LocalFault | undefined {
  const missing = found.find(({ rule }) => rule === "required");
  return (
    missing && new LocalFault("InvalidParameter", `Invalid parameter: ${missing.path.at(-1)} Reason: no value for required parameter`, 400)
  );
}
