import type { IncomingMessage, ServerResponse } from "node:http";
import type { LocalEnv, LocalService } from "./service.ts";
import type { Signature } from "./signature.ts";

/** Why a request is refused. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}
export interface GateRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly signature: Signature | undefined;
}

/**
 * Decides, before all routing, whether a request is accepted. The port has no password, so only programs of this machine may
 * use it. A browser's `Origin` and `Sec-Fetch-Site` show that a page of another site sends the request
 * (https://www.w3.org/TR/fetch-metadata); its `Host` is the name in the page's URL.
 */
export async function gate(received: GateRequest, services: readonly LocalService[], env: LocalEnv): Promise<Refusal | undefined> {
  const host = (received.request.headers.host ?? "").toLowerCase();
  const isPublic = services.some((service) => service.isPublic?.(received.url));
  const unknown = refusedHost(host, isPublic, env);
  if (unknown) return unknown;
  if (isCrossSite(received.request, host) && !(await isAllowedCrossSite(received, services))) return crossOrigin(received.request);
  // A stored HTML document that a browser opens must not call the local AWS as its own origin.
  if (isDocument(received.request) && !isPublic) received.response.setHeader("content-security-policy", "sandbox");
  return refusedSignature(received, services, env);
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);
const portOf = (endpoint: string): string => endpoint.slice(endpoint.lastIndexOf(":") + 1);

/** Prevents DNS rebinding: a page whose domain name resolves to loopback still sends that name as the host. */
function refusedHost(host: string, isPublic: boolean, env: LocalEnv): Refusal | undefined {
  const port = portOf(env.endpoint());
  if (host.endsWith(`:${port}`) && LOOPBACK.has(host.slice(0, -port.length - 1))) return undefined;
  const isAllowedHost = env.settings.hosts?.some((name) => host === name || host.replace(/:\d+$/, "") === name);
  if (!isAllowedHost)
    return {
      code: "UnknownHost",
      message: `The local AWS answers to 127.0.0.1, localhost and [::1] with port ${port}. Allow another name with \`local start --allow-host NAME\`.`,
    };
  if (isPublic) return undefined;
  return { code: "UnknownHost", message: "By a name that was allowed, the local AWS answers for deployed APIs only." };
}

const OWN_SITE: ReadonlySet<string> = new Set(["none", "same-origin"]);
function isCrossSite({ headers }: IncomingMessage, host: string): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && !OWN_SITE.has(String(site))) return true;
  const origin = headers.origin?.toLowerCase();
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
}
async function isAllowedCrossSite({ request, response, url }: GateRequest, services: readonly LocalService[]): Promise<boolean> {
  for (const service of services) if (await service.allowsCrossSite?.(request, response, url)) return true;
  return false;
}
const crossOrigin = ({ headers }: IncomingMessage): Refusal => ({
  code: "CrossOrigin",
  message: `Pages of other sites may not use the local AWS${headers.origin ? ` (this one is of ${headers.origin.slice(0, 200)})` : ""}. A deployed API and a bucket let in the origins that their CORS settings name.`,
});
const isDocument = ({ headers }: IncomingMessage): boolean =>
  ["document", "iframe", "frame", "embed", "object"].includes(String(headers["sec-fetch-dest"]));

/** Any page can put a signature into a URL, and the server checks only signatures of keys that it issued. */
function refusedSignature({ request, signature }: GateRequest, services: readonly LocalService[], env: LocalEnv): Refusal | undefined {
  const inAddress = signature && (signature.expires !== undefined || signature.endsAt !== undefined);
  if (!inAddress || env.identify(signature.accessKeyId)) return undefined;
  const service = services.find(({ name, signsAs = name }) => signsAs === signature.service);
  if (!service || service.acceptsUnverifiedSignature?.(request.method ?? "")) return undefined;
  return {
    code: "AccessDenied",
    message: `A signature in the address, of a key that was not issued here, does not open ${request.method} of ${signature.service}. Sign in the Authorization header.`,
  };
}
