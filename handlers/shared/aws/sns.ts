import { makeService } from "./service.ts";
import { toXmlFault } from "./xml-fault.ts";

export interface Publication {
  readonly topicArn: string;
  readonly subject: string;
  /** JSON with a text for each kind of subscriber. */
  readonly message: string;
  /** Attributes of type String, for filter policies. */
  readonly attributes: Readonly<Record<string, string>>;
}
export type Publish = (publication: Publication, signal: AbortSignal) => Promise<void>;

/** A message that was not sent is sent with the next fix. */
const ATTEMPTS = 2;

export function makePublish(env: NodeJS.ProcessEnv): Publish {
  const service = makeService("sns", env, ATTEMPTS);
  return async (publication, signal) => {
    const headers = { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" };
    await service({ method: "POST", path: "/", headers, body: toForm(publication), toFault: toXmlFault }, signal);
  };
}

function toForm({ topicArn, subject, message, attributes }: Publication): string {
  const form = new URLSearchParams({
    Action: "Publish",
    Version: "2010-03-31",
    TopicArn: topicArn,
    Subject: subject,
    MessageStructure: "json",
    Message: message,
  });
  for (const [index, [name, value]] of Object.entries(attributes).entries()) {
    const entry = `MessageAttributes.entry.${index + 1}`;
    form.set(`${entry}.Name`, name);
    form.set(`${entry}.Value.DataType`, "String");
    form.set(`${entry}.Value.StringValue`, value);
  }
  return form.toString();
}
