import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LocalEnv } from "../../core/service.ts";

/** A message that AWS would send by e-mail or SMS. */
export interface Mail {
  readonly id: string;
  /** Send time, RFC 3339. */
  readonly at: string;
  readonly protocol: "email" | "email-json" | "sms";
  readonly to: string;
  readonly from?: string | undefined;
  readonly subject?: string | undefined;
  readonly body: string;
  readonly topicArn?: string | undefined;
  /** The link that confirms the subscription; set in confirmation mails. */
  readonly confirmUrl?: string | undefined;
  /** File name of the message in `mail/`, below the data folder. */
  readonly file: string;
}
export interface Mailbox {
  add(mail: Omit<Mail, "id" | "at" | "file">): void;
  /** Newest last. */
  list(): Mail[];
  empty(): void;
}
/** The mailbox keeps this many messages and deletes the oldest. */
const MAX_MAILS = 1_000;

/** Keeps mail in the store, and as files in `mail/` that mail programs can open. */
export function mailboxOf(env: LocalEnv): Mailbox {
  const mails = env.store.collection<Mail>("sns.mail");
  const folder = join(env.dataDir, "mail");
  const remove = (mail: Mail): void => {
    mails.delete(mail.id);
    rmSync(join(folder, mail.file), { force: true });
  };
  return {
    add(mail) {
      const id = randomUUID();
      const at = new Date(env.clock.now()).toISOString();
      const file = `${at.replace(/[:.]/g, "-")}-${id.slice(0, 8)}.${mail.protocol === "sms" ? "txt" : "eml"}`;
      const complete: Mail = { ...mail, id, at, file };
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, file), mail.protocol === "sms" ? asText(complete) : asRfc822(complete), { mode: 0o600 });
      mails.put(id, complete);
      for (const old of mails.values().slice(0, Math.max(0, mails.size - MAX_MAILS))) remove(old);
    },
    list: () => mails.values(),
    empty: () => mails.values().forEach(remove),
  };
}

const asText = (mail: Mail): string => `To: ${mail.to}\nDate: ${mail.at}\n\n${mail.body}\n`;

function asRfc822(mail: Mail): string {
  const headers = [
    `From: ${encoded(mail.from ?? "AWS Notifications")} <no-reply@sns.amazonaws.com>`,
    `To: ${mail.to}`,
    `Subject: ${encoded(mail.subject ?? "AWS Notification Message")}`,
    `Date: ${new Date(mail.at).toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${mail.id}@local-aws>`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=UTF-8",
    "Content-Transfer-Encoding: 8bit",
  ];
  return `${headers.join("\r\n")}\r\n\r\n${mail.body.replace(/\r?\n/g, "\r\n")}\r\n`;
}
/** Encodes text that is not plain ASCII as an RFC 2047 encoded word, so that no text can add a header. */
const encoded = (text: string): string => (/^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`);
