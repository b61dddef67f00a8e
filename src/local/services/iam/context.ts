import type { LocalEnv, Permission, Principal } from "../../core/service.ts";
import type { ContextOf } from "./conditions.ts";
import type { StoredRole } from "./state.ts";

/** The condition keys of a request. Loopback counts as encrypted, because policies that require TLS would otherwise refuse everything. */
export function contextOf(principal: Principal, role: StoredRole | undefined, permission: Permission, env: LocalEnv): ContextOf {
  const fromService = new Map(Object.entries(permission.context ?? {}).map(([key, value]) => [key.toLowerCase(), [value].flat()]));
  const fromPrincipal: Record<string, string | undefined> = {
    "aws:securetransport": "true",
    "aws:sourceip": "127.0.0.1",
    "aws:viaawsservice": "false",
    "aws:resourceaccount": env.account,
    "aws:principalisawsservice": String(principal.type === "service"),
    ...principalContext(principal, role, env.account),
  };
  return (key) => {
    const values = fromService.get(key);
    if (values) return values;
    if (key === "aws:currenttime") return [new Date(env.clock.now()).toISOString()];
    if (key === "aws:epochtime") return [String(Math.floor(env.clock.now() / 1000))];
    if (key.startsWith("aws:principaltag/")) {
      const tag = role?.tags.find(({ Key }) => Key?.toLowerCase() === key.slice("aws:principaltag/".length));
      return tag && [tag.Value ?? ""];
    }
    const value = fromPrincipal[key];
    return value === undefined ? undefined : [value];
  };
}

function principalContext(principal: Principal, role: StoredRole | undefined, account: string): Record<string, string | undefined> {
  if (principal.type === "anonymous") return {};
  if (principal.type === "service")
    return {
      "aws:principalservicename": principal.service,
      "aws:sourcearn": principal.sourceArn,
      "aws:sourceaccount": account,
    };
  if (principal.type === "root")
    return { "aws:principalarn": principal.arn, "aws:principalaccount": account, "aws:principaltype": "Account", "aws:userid": account };
  return {
    "aws:principalarn": principal.roleArn,
    "aws:principalaccount": account,
    "aws:principaltype": "AssumedRole",
    "aws:userid": role && `${role.id}:${principal.session}`,
  };
}
