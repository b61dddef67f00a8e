import { wrapped } from "./layout.ts";
import type { Paint } from "./paint.ts";

/** A message as the local AWS stores it. */
export interface Mail {
  /** ISO time. */
  readonly at: string;
  /** `email` or `sms`. */
  readonly protocol: string;
  readonly to: string;
  readonly subject?: string;
  readonly body: string;
}

/** The messages, each with two header lines. Line breaks stay, long lines are wrapped. Pure. */
export function mailText(mails: readonly Mail[], paint: Paint, width: number): string {
  return mails
    .map(({ at, protocol, to, subject, body }) =>
      [
        ...wrapped(`${at}  ${protocol}  ${to}`, width).map((line) => paint("dim", line)),
        ...(subject ? wrapped(subject, width).map((line) => paint("strong", line)) : []),
        ...body
          .trimEnd()
          .split("\n")
          .flatMap((line) => wrapped(line, width)),
      ].join("\n"),
    )
    .join("\n\n");
}
