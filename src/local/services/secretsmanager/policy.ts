import type {
  DeleteResourcePolicyCommandInput,
  DeleteResourcePolicyCommandOutput,
  GetResourcePolicyCommandInput,
  GetResourcePolicyCommandOutput,
  PutResourcePolicyCommandInput,
  PutResourcePolicyCommandOutput,
  ValidateResourcePolicyCommandInput,
  ValidateResourcePolicyCommandOutput,
} from "@aws-sdk/client-secrets-manager";
import { type Handler, LocalFault, type LocalService, type Operations } from "../../core/service.ts";
import { refuseManaged, type Secret, type Secrets } from "./secret.ts";

export function policyOperations(secrets: Secrets): Operations {
  const identityOf = (secret: Secret) => ({ ARN: secret.arn, Name: secret.name });
  const put: Handler<PutResourcePolicyCommandInput, PutResourcePolicyCommandOutput> = (input, call) => {
    const secret = secrets.live(call.region, input.SecretId);
    refuseManaged(secret, call);
    if (!isPolicy(input.ResourcePolicy))
      throw new LocalFault("MalformedPolicyDocumentException", "This resource policy contains invalid Json");
    secrets.put({ ...secret, policy: input.ResourcePolicy });
    return identityOf(secret);
  };
  const get: Handler<GetResourcePolicyCommandInput, GetResourcePolicyCommandOutput> = (input, { region }) => {
    const secret = secrets.live(region, input.SecretId);
    return { ...identityOf(secret), ...(secret.policy && { ResourcePolicy: secret.policy }) };
  };
  const remove: Handler<DeleteResourcePolicyCommandInput, DeleteResourcePolicyCommandOutput> = (input, call) => {
    const secret = secrets.live(call.region, input.SecretId);
    refuseManaged(secret, call);
    secrets.put({ ...secret, policy: undefined });
    return identityOf(secret);
  };
  const validate: Handler<ValidateResourcePolicyCommandInput, ValidateResourcePolicyCommandOutput> = (input) =>
    isPolicy(input.ResourcePolicy)
      ? { PolicyValidationPassed: true, ValidationErrors: [] }
      : {
          PolicyValidationPassed: false,
          ValidationErrors: [{ CheckName: "JSON", ErrorMessage: "This resource policy contains invalid Json" }],
        };
  return { PutResourcePolicy: put, GetResourcePolicy: get, DeleteResourcePolicy: remove, ValidateResourcePolicy: validate };
}

function isPolicy(text: string | undefined): boolean {
  try {
    return (JSON.parse(text ?? "") as { Statement?: unknown }).Statement !== undefined;
  } catch {
    return false;
  }
}

/** An action needs the permission for its secret. The secret's policy counts, too. */
export const permissionsOf =
  (secrets: Secrets): NonNullable<LocalService["permissions"]> =>
  (operation, input, call) => {
    const action = `secretsmanager:${operation}`;
    if (operation === "BatchGetSecretValue") {
      const each = ((input.SecretIdList ?? []) as string[]).map((id) => on("secretsmanager:GetSecretValue", id));
      return [{ action, resource: "*" }, ...each];
    }
    const id = input.SecretId ?? (operation === "CreateSecret" ? input.Name : undefined);
    if (typeof id !== "string") return [{ action, resource: "*" }];
    return operation === "CreateSecret" && input.Tags ? [on(action, id), on("secretsmanager:TagResource", id)] : [on(action, id)];

    function on(wanted: string, secretId: string) {
      const secret = secrets.find(call.region, secretId);
      const unknown = secretId.startsWith("arn:") ? secretId : `arn:aws:secretsmanager:${call.region}:${call.account}:secret:${secretId}`;
      return { action: wanted, resource: secret?.arn ?? unknown, policy: secret?.policy };
    }
  };
