import type { Call, Permission } from "../../core/service.ts";
import { policyOf } from "./policy.ts";
import { type Reference, reference } from "./reference.ts";
import { arnOf, type Lambda } from "./state.ts";

/** The permissions of a call: the action on the function's ARN. For `Invoke` the function's resource policy applies, too. */
export function lambdaPermissions(lambda: Lambda, operation: string, input: Record<string, unknown>, call: Call): readonly Permission[] {
  const at = referenceOf(input, call);
  const resource = at ? arnOf(lambda, at, at.qualifier) : "*";
  if (operation === "Invoke") return [{ action: "lambda:InvokeFunction", resource, policy: at && policyOf(lambda, at) }];
  const permission = { action: `lambda:${operation}`, resource };
  if ((operation === "CreateFunction" || operation === "UpdateFunctionConfiguration") && typeof input.Role === "string")
    return [permission, { action: "iam:PassRole", resource: input.Role, context: { "iam:PassedToService": "lambda.amazonaws.com" } }];
  return [permission];
}

/** Undefined when the call names no valid function. The operation then reports the error. */
function referenceOf(input: Record<string, unknown>, call: Call): Reference | undefined {
  const name = input.FunctionName ?? input.Resource;
  if (typeof name !== "string") return undefined;
  try {
    return reference(name, typeof input.Qualifier === "string" ? input.Qualifier : undefined, call);
  } catch {
    return undefined;
  }
}
