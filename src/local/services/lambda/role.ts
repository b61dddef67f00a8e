import type { Role } from "@aws-sdk/client-iam";
import { invalid } from "./faults.ts";
import type { Lambda } from "./state.ts";

/** With `realism`, Lambda cannot assume a new role for this time. */
const PROPAGATION_MS = 8_000;

/** Throws AWS's one error for a role that does not exist, does not trust Lambda, or has not propagated yet. */
export async function assertAssumable(lambda: Lambda, roleArn: string): Promise<void> {
  const refused = invalid("The role defined for the function cannot be assumed by Lambda.");
  const role = await lambda.env.dispatch("iam", "GetRole", { RoleName: roleArn.slice(roleArn.lastIndexOf("/") + 1) }).then(
    (output) => output.Role as Role,
    () => undefined,
  );
  if (role?.Arn !== roleArn || !trustsLambda(role.AssumeRolePolicyDocument ?? "")) throw refused;
  const age = lambda.env.clock.now() - (role.CreateDate?.getTime() ?? 0);
  if (lambda.env.settings.realism && age < PROPAGATION_MS) throw refused;
}

interface TrustStatement {
  readonly Effect?: string;
  readonly Principal?: string | { readonly Service?: string | readonly string[] };
  readonly Action?: string | readonly string[];
}
function trustsLambda(document: string): boolean {
  const text = document.trimStart().startsWith("{") ? document : decodeURIComponent(document);
  const { Statement = [] } = JSON.parse(text || "{}") as { Statement?: TrustStatement | readonly TrustStatement[] };
  return [Statement].flat().some(({ Effect, Principal, Action }: TrustStatement) => {
    const services = typeof Principal === "string" ? [Principal] : [Principal?.Service ?? []].flat();
    const actions = [Action ?? []].flat();
    return (
      Effect === "Allow" &&
      services.some((service) => service === "*" || service === "lambda.amazonaws.com") &&
      actions.some((action) => action === "*" || action === "sts:*" || action === "sts:AssumeRole")
    );
  });
}
