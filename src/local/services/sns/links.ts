import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { LocalFault } from "../../core/service.ts";
import { escapeXml } from "../../wire/body.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Signer } from "./signing.ts";
import type { SnsState } from "./state.ts";
import { confirmSubscription } from "./subscriptions.ts";

/** Serves requests without a signature: links in messages, the signing certificate, and the mailbox at `/_local/mail`. */
export async function answerUnsigned(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  state: SnsState,
  mailbox: Mailbox,
  signer: Signer,
): Promise<boolean> {
  if (url.pathname === "/_local/mail") return answerMail(request, response, mailbox);
  if (url.pathname === signer.certificatePath) {
    response.writeHead(200, { "content-type": "application/x-pem-file" }).end(await signer.certificate());
    return true;
  }
  const action = url.searchParams.get("Action");
  if (url.pathname !== "/" || (action !== "ConfirmSubscription" && action !== "Unsubscribe")) return false;
  try {
    const result = action === "ConfirmSubscription" ? confirm(url, state) : unsubscribe(url, state);
    sendXml(
      response,
      200,
      `<${action}Response xmlns="${NAMESPACE}">${result}<ResponseMetadata>${requestId()}</ResponseMetadata></${action}Response>`,
    );
  } catch (error) {
    if (!(error instanceof LocalFault)) throw error;
    const code = error.code.replace(/Exception$/, "");
    const status = code === "NotFound" ? 404 : (error.status ?? 400);
    const body = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${escapeXml(error.message)}</Message></Error>${requestId()}`;
    sendXml(response, status, `<ErrorResponse xmlns="${NAMESPACE}">${body}</ErrorResponse>`);
  }
  return true;
}

/** True for links in mails, which any page may open: their tokens cannot be guessed, and other origins cannot read the response. */
export function isMailLink({ method, headers }: IncomingMessage, { pathname, searchParams: query }: URL): boolean {
  if (method !== "GET" || headers.origin !== undefined || pathname !== "/") return false;
  const action = query.get("Action");
  if (action === "ConfirmSubscription") return query.has("TopicArn") && query.has("Token");
  return action === "Unsubscribe" && query.has("SubscriptionArn");
}

const NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/";
const requestId = (): string => `<RequestId>${randomUUID()}</RequestId>`;
const sendXml = (response: ServerResponse, status: number, body: string): void =>
  void response.writeHead(status, { "content-type": "text/xml" }).end(body);

function confirm(url: URL, state: SnsState): string {
  const input = { TopicArn: url.searchParams.get("TopicArn") ?? "", Token: url.searchParams.get("Token") ?? "" };
  const arn = confirmSubscription(state, input, false);
  return `<ConfirmSubscriptionResult><SubscriptionArn>${escapeXml(arn)}</SubscriptionArn></ConfirmSubscriptionResult>`;
}

function unsubscribe(url: URL, state: SnsState): string {
  const subscription = state.findSubscription(url.searchParams.get("SubscriptionArn") ?? "");
  if (subscription?.signedUnsubscribeOnly) throw new LocalFault("AuthorizationError", "Unsubscribing needs a signed request.", 403);
  if (subscription?.confirmed) state.removeSubscription(subscription);
  return "";
}

function answerMail(request: IncomingMessage, response: ServerResponse, mailbox: Mailbox): boolean {
  if (request.method === "GET") response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(mailbox.list()));
  else if (request.method === "DELETE") {
    mailbox.empty();
    response.writeHead(204).end();
  } else response.writeHead(405, { allow: "GET, DELETE" }).end();
  return true;
}
