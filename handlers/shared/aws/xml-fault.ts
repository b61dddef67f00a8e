import { AwsFault } from "./fault.ts";
import type { Reply } from "./transport.ts";

/** The code and message of an XML error. The answer to a HEAD request has no body: then only the status is known. */
export function toXmlFault(reply: Reply): AwsFault {
  const name = textOf(reply.body, "Code") ?? `Http${reply.status}`;
  return new AwsFault(name, textOf(reply.body, "Message") ?? name, reply);
}

const textOf = (xml: string, tag: string): string | undefined => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml)?.[1];
