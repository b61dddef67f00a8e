import type { Action } from "../run.ts";
import { openSession } from "../session.ts";

/** The document is the answer, with and without --json: it goes into `aws iam put-role-policy --policy-document` as it is. */
export const permissions: Action = async (run, [command]) => {
  const { app } = await openSession(run);
  const policy = app.permissions((command as string | undefined) ?? "up");
  return { text: JSON.stringify(policy, null, 2), json: policy };
};
