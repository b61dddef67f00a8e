import { FleetlogixError } from "../../errors.ts";
import type { Action } from "../context.ts";
import { policyText, tooLongText } from "../render/policy.ts";
import { openCommandSession } from "../session.ts";

/**
 * The document is the answer, with and without --json: it goes into `aws iam create-policy --policy-document` as it is. One that is
 * longer than a managed policy may be is had in parts.
 */
export const permissions: Action = async (run, [named], { part }) => {
  const command = (named as string | undefined) ?? "up";
  const { app } = await openCommandSession(run);
  const parts = app.permissionParts(command);
  if (part !== undefined) {
    const policy = parts[(part as number) - 1];
    if (policy) return { text: policyText(policy), json: policy };
    throw new FleetlogixError("USAGE", `The permissions of ${command} have ${parts.length} parts, and no part ${part}.`, {
      hint: `Write --part with a number from 1 to ${parts.length}.`,
    });
  }
  if (parts.length > 1) run.warn(tooLongText(parts.length));
  const policy = app.permissions(command);
  return { text: policyText(policy), json: policy };
};
