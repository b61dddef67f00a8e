import { readFileSync } from "node:fs";
import { Agent as HttpAgent, get as httpGet } from "node:http";
import { Agent as HttpsAgent, get as httpsGet } from "node:https";
import { rootCertificates } from "node:tls";
import { HttpProxyAgent } from "http-proxy-agent";
import { HttpsProxyAgent } from "https-proxy-agent";
import { getProxyForUrl } from "proxy-from-env";
import { FleetlogixError } from "../errors.ts";

const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[?::1\]?)$/;
const MOST_SOCKETS = 50;

/** The proxy for this address, from the environment; undefined: none. Loopback addresses have none. */
export function proxyTo(url: string): string | undefined {
  return LOOPBACK.test(new URL(url).hostname) ? undefined : getProxyForUrl(url) || undefined;
}
/** The proxy without name and password, for messages. */
export function shownProxy(proxy: string): string {
  if (!URL.canParse(proxy)) return "(HTTPS_PROXY is no address)";
  const { protocol, host } = new URL(proxy);
  return `${protocol}//${host}`;
}
/** A host of AWS in a region, to find the proxy for. */
export const exampleHost = (region: string): string => `https://sts.${region}.amazonaws.com`;

/** A PEM file of further trusted certificates, from AWS_CA_BUNDLE or the profile's `ca_bundle`. */
export interface Bundle {
  readonly caBundle?: string | undefined;
}
/**
 * Agents that use HTTPS_PROXY, HTTP_PROXY, NO_PROXY and the bundle, as the `aws` command does. Hosts that NO_PROXY names are
 * connected to directly. All clients share the agents, so that the services behind one address share their connections.
 */
export function agentsFor(target: string, { caBundle: bundle }: Bundle): { httpsAgent: HttpsAgent; httpAgent: HttpAgent } {
  const ca = bundle ? { ca: certificates(bundle) } : {};
  const proxy = proxyTo(target);
  const common = { keepAlive: true, maxSockets: MOST_SOCKETS, ...ca };
  if (proxy === undefined) return { httpsAgent: new HttpsAgent(common), httpAgent: new HttpAgent(common) };
  if (!URL.canParse(proxy)) throw notAnAddress();
  return {
    httpsAgent: except(new HttpsProxyAgent(proxy, common), new HttpsAgent(common), "https"),
    httpAgent: except(new HttpProxyAgent(proxy, common), new HttpAgent(common), "http"),
  };
}

/** Reads the text at an address that is no AWS service, through the same proxy as the calls. */
export async function textOf(
  url: string,
  signal: AbortSignal,
  bundle: Bundle,
): Promise<{ readonly status: number; readonly text: string }> {
  const { httpsAgent, httpAgent } = agentsFor(url, bundle);
  const [get, agent] = url.startsWith("https:") ? [httpsGet, httpsAgent] : [httpGet, httpAgent];
  return new Promise((done, fail) => {
    const request = get(url, { signal, agent }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("error", fail).on("end", () => done({ status: answer.statusCode ?? 0, text }));
    });
    request.on("error", fail);
  });
}

type Connect = (request: never, options: { readonly host?: string }) => Promise<unknown>;
/** An agent that leaves the hosts of NO_PROXY to `direct`. */
function except<Proxied extends HttpAgent>(proxied: Proxied, direct: HttpAgent, protocol: string): Proxied {
  const own = proxied as unknown as { connect: Connect };
  const connect = own.connect.bind(proxied);
  own.connect = async (request, options) =>
    proxyTo(`${protocol}://${options.host ?? ""}`) === undefined ? direct : connect(request, options);
  return proxied;
}

function certificates(file: string): string[] {
  try {
    return [...rootCertificates, readFileSync(file, "utf8")];
  } catch (cause) {
    throw new FleetlogixError(
      "CERTIFICATE",
      `AWS_CA_BUNDLE or the profile's ca_bundle names ${file}, which cannot be read: ${(cause as Error).message}.`,
      {
        hint: "Name a file of certificates in PEM form, or leave the setting out.",
        cause,
      },
    );
  }
}
const notAnAddress = () =>
  new FleetlogixError("ENDPOINT_UNREACHABLE", "HTTPS_PROXY or HTTP_PROXY is not an address.", {
    hint: "Write it with its scheme, such as http://proxy.example.com:8080, or unset it.",
  });
