import { randomUUID } from "node:crypto";
import { compileRoutes, type Routes } from "../wire/routes.ts";
import { type WireService, wireService } from "../wire/schema.ts";
import type { Faults } from "./faults.ts";
import type { ServiceModel } from "./model.ts";
import { realism } from "./realism.ts";
import { type Call, type Dispatch, type LocalEnv, LocalFault, type LocalService } from "./service.ts";
import { denied } from "./wording.ts";

/** A service with its wire format, loaded on its first use. */
export interface Wired {
  readonly service: LocalService;
  readonly wire: WireService;
  readonly routes: Routes;
  readonly model: ServiceModel | undefined;
}
export interface Dispatcher {
  wired(name: string): Promise<Wired | undefined>;
  /** The way into an operation from the wire: permission, rate limits, faults, handler. */
  run(service: LocalService, operation: string, input: Record<string, unknown>, call: Call): Promise<Record<string, unknown>>;
  /** From inside: permission and handler; the fault plan breaks and counts only what clients call. */
  readonly dispatch: Dispatch;
  readonly faults: Faults;
}

export function createDispatcher(services: () => readonly LocalService[], env: () => LocalEnv, faults: Faults): Dispatcher {
  const cache = new Map<string, Promise<Wired>>();
  const find = (name: string) => services().find((s) => s.name === name);

  const bad = realism(env);

  const perform: Dispatcher["run"] = async (service, operation, input, call) =>
    ((await handlerOf(service, operation)(input, call)) ?? {}) as Record<string, unknown>;
  const run: Dispatcher["run"] = async (service, operation, input, call) => {
    handlerOf(service, operation);
    authorize(service, operation, input, call, env());
    const { clock } = env();
    const faulted = {
      service: service.name,
      operation,
      input,
      requestId: call.requestId,
      clock,
      get signal() {
        return call.signal;
      },
    };
    return bad.around(faulted, () => faults.around(faulted, (given) => perform(service, operation, given, call)));
  };
  return {
    run,
    faults,
    async wired(name) {
      const service = services().find((s) => (s.signsAs ?? s.name) === name);
      if (!service) return undefined;
      const loading =
        cache.get(name) ?? Promise.all([service.sdk(), service.model?.()]).then(([sdk, model]) => asWired(service, sdk, model));
      cache.set(name, loading);
      return loading;
    },
    dispatch: async (name, operation, input, from = {}) => {
      const service = find(name);
      if (!service) throw new LocalFault("NotImplemented", `The local AWS has no service ${name}.`, 501);
      const call = callFromInside(env(), from);
      authorize(service, operation, input, call, env());
      return perform(service, operation, input, call);
    },
  };
}

/** Calls from inside come from AWS services, or from the account itself. */
function callFromInside(
  { account }: LocalEnv,
  { principal, region = "us-east-1", headers = {}, signal = new AbortController().signal }: NonNullable<Parameters<Dispatch>[3]>,
): Call {
  return {
    requestId: randomUUID(),
    region,
    account,
    principal: principal ?? { type: "root", arn: `arn:aws:iam::${account}:root` },
    headers,
    signal,
  };
}

function asWired(service: LocalService, sdk: object, model: ServiceModel | undefined): Wired {
  const wire = wireService(sdk, service);
  return { service, wire, routes: wire.kind.startsWith("rest") ? compileRoutes(wire) : [], model };
}

function handlerOf(service: LocalService, operation: string) {
  const handler = service.operations[operation];
  if (!handler) throw new LocalFault("NotImplemented", `The local AWS does not implement ${service.name}:${operation}.`, 501);
  return handler;
}

/** Throws AWS's AccessDenied when the caller's policies do not allow the call. */
function authorize(service: LocalService, operation: string, input: Record<string, unknown>, call: Call, env: LocalEnv): void {
  const permissions = service.permissions?.(operation, input, call) ?? [{ action: `${service.name}:${operation}`, resource: "*" }];
  for (const permission of permissions) {
    const verdict = env.decide(call.principal, permission);
    if (!verdict.allowed) throw denied(service.name, verdict.message);
  }
}
