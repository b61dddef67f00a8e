import { randomUUID } from "node:crypto";
import type {
  CancelRotateSecretCommandInput,
  CancelRotateSecretCommandOutput,
  RotateSecretCommandInput,
  RotateSecretCommandOutput,
} from "@aws-sdk/client-secrets-manager";
import type { Call, Handler, LocalEnv, Operations } from "../../core/service.ts";
import { invalid, isFromOutside, refused, refuseManaged, type Secret, type Secrets, withVersion } from "./secret.ts";

const STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"] as const;
/** RDS tags a managed secret with the ARN of its database. */
const DATABASE_TAG = "aws:rds:primaryDBInstanceArn";

export function rotationOperations(env: LocalEnv, secrets: Secrets): Operations {
  const rotate: Handler<RotateSecretCommandInput, RotateSecretCommandOutput> = async (input, call) => {
    const secret = secrets.live(call.region, input.SecretId);
    if (secret.owningService) return rotateManaged(secret, call, env);
    const lambdaArn = input.RotationLambdaARN ?? secret.rotation?.lambdaArn;
    if (!lambdaArn) throw refused("No Lambda rotation function ARN is associated with this secret.");
    const rules = input.RotationRules ?? secret.rotation?.rules;
    if (!rules?.AutomaticallyAfterDays && !rules?.ScheduleExpression)
      throw invalid("You must specify RotationRules with a schedule the first time you turn on rotation.");
    const configured = secrets.put({ ...secret, rotation: { lambdaArn, rules } });
    if (input.RotateImmediately === false) return { ARN: secret.arn, Name: secret.name };
    const id = input.ClientRequestToken ?? randomUUID();
    if (!configured.versions[id]) secrets.put(withVersion(configured, id, {}, ["AWSPENDING"], env.clock.now()));
    runSteps(secret, lambdaArn, id, env, secrets).catch((error) =>
      env.log(`secretsmanager: rotation of ${secret.name} failed: ${String(error)}`),
    );
    return { ARN: secret.arn, Name: secret.name, VersionId: id };
  };
  const cancel: Handler<CancelRotateSecretCommandInput, CancelRotateSecretCommandOutput> = (input, call) => {
    const secret = secrets.live(call.region, input.SecretId);
    refuseManaged(secret, call);
    if (!secret.rotation) throw refused("You tried to cancel rotation of a secret that has none.");
    secrets.put({ ...secret, rotation: undefined });
    return { ARN: secret.arn, Name: secret.name };
  };
  return { RotateSecret: rotate, CancelRotateSecret: cancel };
}

/** RDS changes the password of a database and then writes the new version. */
async function rotateManaged(secret: Secret, call: Call, env: LocalEnv): Promise<RotateSecretCommandOutput> {
  const DBInstanceIdentifier = secret.tags[DATABASE_TAG]?.split(":").pop();
  if (!DBInstanceIdentifier || !isFromOutside(call))
    throw refused(`The secret ${secret.name} can't be rotated: it belongs to no database.`);
  const input = { DBInstanceIdentifier, RotateMasterUserPassword: true, ApplyImmediately: true };
  await env.dispatch("rds", "ModifyDBInstance", input, { region: call.region });
  return { ARN: secret.arn, Name: secret.name, $metadata: {} };
}

/** Runs the four steps of a rotation function, one after the other. The function itself moves AWSCURRENT. */
async function runSteps(secret: Secret, lambdaArn: string, id: string, env: LocalEnv, secrets: Secrets): Promise<void> {
  const principal = { type: "service", service: "secretsmanager.amazonaws.com", sourceArn: secret.arn } as const;
  for (const Step of STEPS) {
    const Payload = Buffer.from(JSON.stringify({ Step, SecretId: secret.arn, ClientRequestToken: id }));
    const input = { FunctionName: lambdaArn, InvocationType: "RequestResponse", Payload };
    const answer = (await env.dispatch("lambda", "Invoke", input, { principal, region: secret.region })) as { FunctionError?: string };
    if (answer.FunctionError) throw new Error(`${Step}: ${answer.FunctionError}`);
  }
  const now = secrets.find(secret.region, secret.arn);
  if (now) secrets.put({ ...now, rotatedAt: env.clock.now() });
}
