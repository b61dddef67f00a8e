import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LocalEnv } from "../../core/service.ts";

/** One message that AWS would have sent by e-mail or SMS. */
export interface Mail {
  readonly id: string;
  /** When it was sent, RFC 3339. */
  readonly at: string;
  readonly protocol: "email" | "email-json" | "sms";
  readonly to: string;
  readonly from?: string | undefined;
  readonly subject?: string | undefined;
  readonly body: string;
  readonly topicArn?: string | undefined;
  /** The link that confirms the subscription, in a confirmation mail. */
  readonly confirmUrl?: string | undefined;
  /** The same as a file below the data folder. */
  readonly file: string;
}
export interface Mailbox {
  add(mail: Omit<Mail, "id" | "at" | "file">): void;
  /** Newest last. */
  list(): Mail[];
  empty(): void;
}
/** The oldest give way to the newest. */
const MOST = 1_000;

/** Mail as people may read it: in the store, and as files in `mail/` that mail programs open. */
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
      const whole: Mail = { ...mail, id, at, file };
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, file), mail.protocol === "sms" ? asText(whole) : asRfc822(whole), { mode: 0o600 });
      mails.put(id, whole);
      for (const old of mails.values().slice(0, Math.max(0, mails.size - MOST))) remove(old);
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
/** Plain ASCII stays as it is; the rest is an encoded word, so that no text can add a header. */
const encoded = (text: string): string => (/^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`);
