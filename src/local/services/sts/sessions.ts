import { randomBytes } from "node:crypto";
import type { Credentials, LocalEnv, Principal } from "../../core/service.ts";

/** Stored temporary credentials. They survive a restart, like the sandbox or shell that uses them. */
interface SessionDocument {
  readonly secret: string;
  readonly principal: Principal;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}
export interface Sessions {
  forRole(roleArn: string, session: string, seconds: number): Credentials;
  forPrincipal(principal: Principal, seconds: number): Credentials;
  identify: LocalEnv["identify"];
}

/** Prefix of the key ids made here. An unknown key with this prefix has expired and has no principal. */
const PREFIX = "ASIALOCAL";
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const CLEAN_EVERY = 100;

export function createSessions(env: LocalEnv): Sessions {
  const sessions = env.store.collection<SessionDocument>("sts.sessions");
  let issued = 0;
  const dropExpired = (): void => {
    for (const [id, session] of sessions.entries()) if (session.expiresAt <= env.clock.now()) sessions.delete(id);
  };
  const forPrincipal: Sessions["forPrincipal"] = (principal, seconds) => {
    if (issued++ % CLEAN_EVERY === 0) dropExpired();
    const accessKeyId = PREFIX + [...randomBytes(11)].map((byte) => BASE32[byte % BASE32.length]).join("");
    const secret = randomBytes(30).toString("base64");
    const expiresAt = env.clock.now() + seconds * 1000;
    sessions.put(accessKeyId, { secret, principal, expiresAt });
    // The token has no effect here, because the secret signs. It only has to look valid to clients that check it.
    return {
      accessKeyId,
      secretAccessKey: secret,
      sessionToken: randomBytes(96).toString("base64"),
      expiration: new Date(expiresAt),
    };
  };
  return {
    forPrincipal,
    forRole(roleArn, session, seconds) {
      const roleName = roleArn.split("/").pop() ?? "";
      const arn = `arn:aws:sts::${env.account}:assumed-role/${roleName}/${session}`;
      return forPrincipal({ type: "role", arn, roleArn, roleName, session }, seconds);
    },
    identify(accessKeyId) {
      const session = sessions.get(accessKeyId);
      if (session && session.expiresAt > env.clock.now()) return { secret: session.secret, principal: session.principal };
      // An expired key of this server. The core answers that the token has expired.
      if (accessKeyId.startsWith(PREFIX)) return { secret: session?.secret ?? "", principal: { type: "anonymous" } };
      return undefined;
    },
  };
}
