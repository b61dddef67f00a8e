import type { Call } from "../../core/service.ts";
import { absent, invalid, userFault } from "./faults.ts";

/** A function named by a caller: name, partial or full ARN, with or without a qualifier. */
export interface Reference {
  readonly region: string;
  readonly name: string;
  readonly qualifier: string | undefined;
}
/** Every part before the name may be missing, as in the pattern of AWS's model. So an ARN that ends with `:function` names the function "function". */
const REFERENCE =
  /^(?:arn:aws[a-zA-Z-]*:lambda:)?(?:(?<region>(?:eusc-)?[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?<account>\d{12}):)?(?:function:)?(?<name>[A-Za-z0-9_.-]+)(?::(?<qualifier>\$LATEST(?:\.PUBLISHED)?|[A-Za-z0-9_-]+))?$/;

export function reference(functionName: string | undefined, qualifier: string | undefined, call: Call): Reference {
  const found = REFERENCE.exec(functionName ?? "")?.groups;
  if (!found?.name) throw invalid(`The function name ${functionName} is not valid.`);
  const region = found.region ?? call.region;
  if ((found.account ?? call.account) !== call.account) throw userFault("AccessDeniedException", "", 403);
  if (region !== call.region) throw absent(`Functions from '${region}' are not reachable in this region ('${call.region}')`);
  if (qualifier && found.qualifier && qualifier !== found.qualifier)
    throw invalid("The derived qualifier from the function name does not match the specified qualifier.");
  return { region, name: found.name, qualifier: qualifier ?? found.qualifier };
}

/** Says whether the qualifier can only name a version. AWS looks for all others among the aliases. */
export const namesVersion = (qualifier: string): boolean => /^\d+$/.test(qualifier) || qualifier.includes("$");
