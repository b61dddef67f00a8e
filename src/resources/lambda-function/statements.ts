import * as z from "zod";
import { parseJson } from "../../aws/answers.ts";
import { orAbsent } from "../../aws/faults.ts";
import type { Lambda } from "../../aws/sdk/types.ts";

/** A foreign statement in the policy of the function or of its alias. */
export interface OtherStatement {
  readonly sid: string;
  readonly qualifier: string | undefined;
  /** Every account may call. */
  readonly isPublic: boolean;
}

const OURS = /^fleetlogix-/;
const principal = z.union([z.string(), z.record(z.string(), z.union([z.string(), z.array(z.string())]))]);
const policySchema = z.object({
  Statement: z.array(
    z.object({ Sid: z.string().default("(without a name)"), Principal: principal.optional(), Condition: z.unknown().optional() }),
  ),
});

/** Foreign statements in the policies of the function and of `alias`. */
export async function otherStatementsOf(lambda: Lambda, FunctionName: string, alias: string): Promise<readonly OtherStatement[]> {
  const found = await Promise.all(
    [undefined, alias].map(async (Qualifier) => {
      const answer = await orAbsent(lambda.getPolicy({ FunctionName, Qualifier }), "ResourceNotFoundException");
      const { data } = policySchema.safeParse(parseJson(answer?.Policy));
      const others = data?.Statement.filter(({ Sid }) => !OURS.test(Sid)) ?? [];
      return others.map((s) => ({ sid: s.Sid, qualifier: Qualifier, isPublic: s.Condition === undefined && isEveryone(s.Principal) }));
    }),
  );
  return found.flat();
}
function isEveryone(principalOf: z.infer<typeof principal> | undefined): boolean {
  if (typeof principalOf !== "object") return principalOf === "*";
  return [principalOf.AWS].flat().includes("*");
}

export function otherNote(functionName: string, { sid, qualifier, isPublic }: OtherStatement): string {
  const where = qualifier === undefined ? "" : ` --qualifier ${qualifier}`;
  const command = `\`aws lambda remove-permission --function-name ${functionName} --statement-id ${sid}${where}\``;
  return isPublic
    ? `Every account may call it: statement ${sid} (not ours) allows that. Remove it with ${command}.`
    : `Statement ${sid} of its policy is not ours; it stays.`;
}

export const stoppedNote = (functionName: string): string =>
  `stopped: reserved concurrency 0 (\`aws lambda delete-function-concurrency --function-name ${functionName}\` lets it run again)`;
