import type { LocalEnv, LocalService } from "../../core/service.ts";
import { messageOperations } from "./messages.ts";
import { keyOf, openSqs, type Sqs } from "./queue.ts";
import { queueOperations } from "./queues.ts";

/** Standard queues: what a dead letter needs to be kept, seen and taken away. */
export function sqsService(env: LocalEnv): LocalService {
  const sqs = openSqs(env);
  return {
    name: "sqs",
    sdk: () => import("@aws-sdk/client-sqs"),
    operations: { ...queueOperations(sqs), ...messageOperations(sqs) },
    permissions: permissionsOf(sqs),
    facts: () => ({ queues: sqs.queues.size }),
  };
}

/** Each action on its queue, whose policy counts too. Loopback counts as a secure transport. */
const permissionsOf =
  ({ queues }: Sqs): NonNullable<LocalService["permissions"]> =>
  (operation, input, { region, account }) => {
    const action = `sqs:${operation}`;
    const context = { "aws:SecureTransport": "true" };
    const named = typeof input.QueueUrl === "string" ? input.QueueUrl.split("/").pop() : input.QueueName;
    if (typeof named !== "string") return [{ action, resource: "*", context }];
    const policy = queues.get(keyOf(region, named))?.attributes.Policy;
    return [{ action, resource: `arn:aws:sqs:${region}:${account}:${named}`, policy, context }];
  };
