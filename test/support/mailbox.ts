import { expect } from "vitest";

/** What happens after the answer has time to happen, however busy the machine. */
export const soon = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

export interface Mail {
  readonly to: string;
  readonly subject?: string;
  readonly body: string;
  readonly confirmUrl?: string;
  readonly file: string;
}
/** All that a local AWS has put into its mailbox. */
export const mailAt = async (url: string): Promise<Mail[]> => (await fetch(`${url}/_local/mail`)).json() as Promise<Mail[]>;
