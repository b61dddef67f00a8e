import type { LocalEnv, LocalService } from "../../core/service.ts";
import { loadModel } from "../../core/validation.ts";
import { delivererOf } from "./delivery.ts";
import { refuseInput } from "./input-rules.ts";
import { answerUnsigned, isMailLink } from "./links.ts";
import { mailboxOf } from "./mailbox.ts";
import { permissionsOf } from "./permissions.ts";
import { publishOperations } from "./publish.ts";
import { queueOf } from "./queue.ts";
import { withRegionCheck } from "./regions.ts";
import { signerOf } from "./signing.ts";
import { smsOperations } from "./sms.ts";
import { snsState } from "./state.ts";
import { subscriptionOperations } from "./subscriptions.ts";
import { topicOperations } from "./topics.ts";

/** SNS with real delivery to HTTP endpoints and functions. A mailbox replaces e-mail and SMS. */
export function snsService(env: LocalEnv): LocalService {
  const state = snsState(env);
  const mailbox = mailboxOf(env);
  const signer = signerOf(env);
  const deliverer = delivererOf(env, state, mailbox, signer);
  const queue = queueOf(env, deliverer);
  return {
    name: "sns",
    sdk: () => import("@aws-sdk/client-sns"),
    model: () => loadModel("sns"),
    refusals: {
      denied: { code: "AuthorizationError", status: 403 },
      throttled: { code: "ThrottledException", status: 429 },
    },
    pageTokens: { all: ["NextToken", "NextToken"] },
    inputRules: { refuse: refuseInput },
    operations: withRegionCheck({
      ...topicOperations(state),
      ...subscriptionOperations(env, state, queue),
      ...publishOperations(env, state, queue, mailbox),
      ...smsOperations(env),
    }),
    permissions: permissionsOf(state),
    allowsCrossSite: (request, _response, url) => isMailLink(request, url),
    http: (request, response, url) => answerUnsigned(request, response, url, state, mailbox, signer),
    start: async () => queue.resume(),
    stop: async () => queue.stop(),
    facts: () => ({ topics: env.store.collection("sns.topics").size, mail: mailbox.list().length }),
  };
}
