import { randomUUID } from "node:crypto";
import { compileRoutes, type Routes } from "../wire/routes.ts";
import { type WireService, wireService } from "../wire/schema.ts";
import type { Faults } from "./faults.ts";
import type { ServiceModel } from "./model.ts";
import { realism } from "./realism.ts";
import { denied } from "./refusals.ts";
import { type Call, type Dispatch, type LocalEnv, LocalFault, type LocalService } from "./service.ts";

/** A service with its wire format, routes and model. They are loaded on the service's first request. */
export interface LoadedService {
  readonly service: LocalService;
  readonly wire: WireService;
  readonly routes: Routes;
  readonly model: ServiceModel | undefined;
}
export interface Dispatcher {
  load(name: string): Promise<LoadedService | undefined>;
  /** Runs an operation that a client called: permissions, delays, faults, handler. */
  run(service: LocalService, operation: string, input: Record<string, unknown>, call: Call): Promise<Record<string, unknown>>;
  /** Runs an operation that a service called: permissions and handler. The fault plan neither counts nor changes it. */
  readonly dispatch: Dispatch;
  readonly faults: Faults;
}

export function createDispatcher(services: () => readonly LocalService[], env: () => LocalEnv, faults: Faults): Dispatcher {
  const cache = new Map<string, Promise<LoadedService>>();
  const find = (name: string) => services().find((s) => s.name === name);

  const delays = realism(env);
  const perform: Dispatcher["run"] = async (service, operation, input, call) =>
    ((await handlerOf(service, operation)(input, call)) ?? {}) as Record<string, unknown>;
  const run: Dispatcher["run"] = async (service, operation, input, call) => {
    handlerOf(service, operation);
    authorize(service, operation, input, call, env());
    const { clock } = env();
    const faulted = {
      service: service.name,
      declaration: service,
      operation,
      input,
      requestId: call.requestId,
      clock,
      get signal() {
        return call.signal;
      },
    };
    return delays.around(faulted, () => faults.around(faulted, (given) => perform(service, operation, given, call)));
  };
  return {
    run,
    faults,
    async load(name) {
      const service = services().find((s) => (s.signsAs ?? s.name) === name);
      if (!service) return undefined;
      const loading =
        cache.get(name) ?? Promise.all([service.sdk(), service.model?.()]).then(([sdk, model]) => withWireFormat(service, sdk, model));
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

/** The caller of an internal call is an AWS service or role; by default the account's root. */
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

function withWireFormat(service: LocalService, sdk: object, model: ServiceModel | undefined): LoadedService {
  const wire = wireService(sdk, service);
  return { service, wire, routes: wire.protocol.startsWith("rest") ? compileRoutes(wire) : [], model };
}

function handlerOf(service: LocalService, operation: string) {
  const handler = service.operations[operation];
  if (!handler) throw new LocalFault("NotImplemented", `The local AWS does not implement ${service.name}:${operation}.`, 501);
  return handler;
}

/** Throws the service's access error when the policies do not allow the call. */
function authorize(service: LocalService, operation: string, input: Record<string, unknown>, call: Call, env: LocalEnv): void {
  const permissions = service.permissions?.(operation, input, call) ?? [{ action: `${service.name}:${operation}`, resource: "*" }];
  for (const permission of permissions) {
    const verdict = env.decide(call.principal, permission);
    if (!verdict.allowed) throw denied(service, verdict.message);
  }
}
