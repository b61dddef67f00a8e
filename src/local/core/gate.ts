import type { IncomingMessage, ServerResponse } from "node:http";
import type { LocalEnv, LocalService } from "./service.ts";
import type { Signature } from "./signature.ts";

/** Why a request is not let in. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}
export interface Knock {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly signature: Signature | undefined;
}

/**
 * The one decision before all routing: may this request come in? The port has no password, so it opens to programs of
 * this machine only. A browser says in `Origin` and `Sec-Fetch-Site` that a page of another site asks
 * (https://www.w3.org/TR/fetch-metadata), and in `Host` which name the page believed to ask.
 */
export async function gate(knock: Knock, services: readonly LocalService[], env: LocalEnv): Promise<Refusal | undefined> {
  const host = (knock.request.headers.host ?? "").toLowerCase();
  const isPublic = services.some((service) => service.isPublic?.(knock.url));
  const unknown = refusedHost(host, isPublic, env);
  if (unknown) return unknown;
  if (isForeign(knock.request, host) && !(await invited(knock, services))) return foreignPage(knock.request);
  // A document that is stored here must not act in our name when somebody opens it in a browser.
  if (isDocument(knock.request) && !isPublic) knock.response.setHeader("content-security-policy", "sandbox");
  return refusedSignature(knock, services, env);
}

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);
const portOf = (endpoint: string): string => endpoint.slice(endpoint.lastIndexOf(":") + 1);

/** A name that a foreign page had pointed at loopback is still sent as the host. */
function refusedHost(host: string, isPublic: boolean, env: LocalEnv): Refusal | undefined {
  const port = portOf(env.endpoint());
  if (host.endsWith(`:${port}`) && LOOPBACK.has(host.slice(0, -port.length - 1))) return undefined;
  const named = env.settings.hosts?.some((name) => host === name || host.replace(/:\d+$/, "") === name);
  if (!named)
    return {
      code: "UnknownHost",
      message: `The local AWS answers to 127.0.0.1, localhost and [::1] with port ${port}. Allow another name with \`local start --allow-host NAME\`.`,
    };
  if (isPublic) return undefined;
  return { code: "UnknownHost", message: "By a name that was allowed, the local AWS answers for deployed APIs only." };
}

const OWN_SITE: ReadonlySet<string> = new Set(["none", "same-origin"]);
function isForeign({ headers }: IncomingMessage, host: string): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && !OWN_SITE.has(String(site))) return true;
  const origin = headers.origin?.toLowerCase();
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
}
async function invited({ request, response, url }: Knock, services: readonly LocalService[]): Promise<boolean> {
  for (const service of services) if (await service.invites?.(request, response, url)) return true;
  return false;
}
const foreignPage = ({ headers }: IncomingMessage): Refusal => ({
  code: "CrossOrigin",
  message: `Pages of other sites may not use the local AWS${headers.origin ? ` (this one is of ${headers.origin.slice(0, 200)})` : ""}. A deployed API and a bucket let in the origins that their CORS settings name.`,
});
const isDocument = ({ headers }: IncomingMessage): boolean =>
  ["document", "iframe", "frame", "embed", "object"].includes(String(headers["sec-fetch-dest"]));

/** Anybody can write a signature into an address; only those whose key was issued here are checked. */
function refusedSignature({ request, signature }: Knock, services: readonly LocalService[], env: LocalEnv): Refusal | undefined {
  const inAddress = signature && (signature.expires !== undefined || signature.endsAt !== undefined);
  if (!inAddress || env.identify(signature.accessKeyId)) return undefined;
  const service = services.find(({ name, signsAs = name }) => signsAs === signature.service);
  if (!service || service.presigned?.(request.method ?? "")) return undefined;
  return {
    code: "AccessDenied",
    message: `A signature in the address, of a key that was not issued here, does not open ${request.method} of ${signature.service}. Sign in the Authorization header.`,
  };
}
