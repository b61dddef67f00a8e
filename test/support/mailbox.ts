import { expect } from "vitest";

/** Polls for an effect that comes after the answer. The timeout is long enough for a busy machine. */
export const soon = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

export interface Mail {
  readonly to: string;
  readonly subject?: string;
  readonly body: string;
  readonly confirmUrl?: string;
  readonly file: string;
}
/** All messages in the mailbox of a local AWS. */
export const mailAt = async (url: string): Promise<Mail[]> => (await fetch(`${url}/_local/mail`)).json() as Promise<Mail[]>;
