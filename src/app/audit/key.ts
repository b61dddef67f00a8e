import { naming } from "../../stack/naming.ts";
import type { Session } from "../session.ts";
import { type Check, judge, type Look, opensOutside, read, statementsOf } from "./finding.ts";

/** ARN of the stack's own key; undefined in development, and when the key does not exist. */
export async function keyArnOf(session: Session): Promise<string | undefined> {
  if (session.config.hardening !== "production") return undefined;
  return (await keyFacts(session))?.arn;
}

async function keyFacts(session: Session) {
  const KeyId = naming(session.config, session.place).key;
  const kms = await session.clients.kms();
  const of = <T>(call: () => Promise<T>) => read(session, "the stack's key", call, "NotFoundException");
  const key = (await of(() => kms.describeKey({ KeyId })))?.KeyMetadata;
  if (!key) return undefined;
  const id = { KeyId: key.KeyId ?? "" };
  const [rotation, policy] = await Promise.all([
    of(() => kms.getKeyRotationStatus(id)),
    of(() => kms.getKeyPolicy({ ...id, PolicyName: "default" })),
  ]);
  return { arn: key.Arn ?? "", key, rotates: rotation?.KeyRotationEnabled === true, policy: policy?.Policy };
}

/** Checks the key of a production stack. */
export const lookAtKey: Look = async (session) => {
  if (session.config.hardening !== "production") return [];
  const { key } = naming(session.config, session.place);
  const checks: readonly Check<NonNullable<Awaited<ReturnType<typeof keyFacts>>>>[] = [
    ["kms.rotation", (live) => live.rotates && live.key.MultiRegion !== true, "it is not rotated, or is a multi-region key"],
    [
      "kms.not-public",
      ({ policy }) => !opensOutside(statementsOf(policy), session.place.account),
      "its policy allows access from outside of the account",
    ],
    ["kms.enabled", (live) => live.key.KeyState === "Enabled", "it is disabled, or its deletion is scheduled"],
  ];
  return judge(key, await keyFacts(session), checks);
};
