import { FleetlogixError } from "../../errors.ts";
import type { Action } from "../context.ts";
import { policyText, tooLongText } from "../render/policy.ts";
import { openCommandSession } from "../session.ts";

/**
 * Prints the policy document, with and without --json, for `aws iam create-policy --policy-document`. `--part` prints one part of a
 * document that is too long for a managed policy.
 */
export const permissions: Action = async (run, [name], { part }) => {
  const command = (name as string | undefined) ?? "up";
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
