import { AwsFault } from "./fault.ts";
import type { Reply } from "./transport.ts";

/** The code and message of an error in XML. A HEAD's answer has no body: then the status is all there is. */
export function toXmlFault(reply: Reply): AwsFault {
  const name = textOf(reply.body, "Code") ?? `Http${reply.status}`;
  return new AwsFault(name, textOf(reply.body, "Message") ?? name, reply);
}

const textOf = (xml: string, tag: string): string | undefined => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml)?.[1];
