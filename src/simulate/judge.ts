import type { Event, Message, Trip } from "./messages.ts";
import type { Expectation, Expected } from "./model.ts";
import type { Tally } from "./report.ts";

/** The answer to one event. `attempts`: number of times that its call was sent. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly attempts: number;
}

/** Status of a call that got no answer. */
export const NO_ANSWER = 0;

/** Compares the answers to a message's copies with the expected ones, and counts them. */
export function judge(
  trip: Trip,
  message: Message,
  expected: Expected["answers"],
  copies: readonly (readonly Answer[])[],
  tally: Tally,
): void {
  for (const [i, event] of message.events.entries()) {
    const answers = copies.flatMap((answers) => answers[i] ?? []);
    const expectation = expected.get(event) as Expectation;
    for (const answer of answers) {
      count(answer, expectation, tally);
      const fault = faultOf(answer, expectation, message.copies > 1);
      if (fault !== undefined) tally.errors.push(`${trip.vehicleId}: POST ${message.path} ${nameOf(event)} ${fault}`);
    }
    const isFirstLost =
      answers.length > 1 && answers.every(({ body }) => body.duplicate === true) && answers.every(({ attempts }) => attempts === 1);
    if (isFirstLost) tally.errors.push(`${trip.vehicleId}: POST ${message.path} ${nameOf(event)} was a duplicate each time it was sent`);
  }
}

const nameOf = ({ body }: Event): string => `${body.delivery_id ?? body.vehicle_id} event ${body.event_id}`;

/** The difference from the expected answer; undefined: none. A repeated call may be answered as a duplicate. */
function faultOf(answer: Answer, expected: Expectation, isDoubled: boolean): string | undefined {
  const { status, body, attempts } = answer;
  if (status !== expected.status) return `${answerText(answer)}, expected ${expected.status}`;
  if (status !== 200) return undefined;
  if (body.duplicate === true) {
    return expected.duplicate || isDoubled || attempts > 1 ? undefined : "was answered as a duplicate, but is not one";
  }
  if (expected.duplicate) return "is a duplicate, but was not answered as one";
  const reason = body.applied === true ? undefined : String(body.reason);
  const right = expected.reasons.length === 0 ? reason === undefined : expected.reasons.some((one) => one === reason);
  if (!right) return `was ${reason ?? "applied"}, expected ${expected.reasons.join(" or ") || "applied"}`;
  return body.time_source === expected.clock ? undefined : `counts with the time of the ${body.time_source}, expected ${expected.clock}`;
}

function count({ status, body }: Answer, expected: Expectation, tally: Tally): void {
  if (status !== 200) {
    if (status === expected.status) tally.refused++;
    return;
  }
  tally.accepted++;
  if (body.duplicate === true) tally.duplicates++;
  else if (body.reason === "implausible") tally.implausible++;
  else if (body.reason === "final") tally.final++;
  else if (body.applied === false) tally.late++;
  if (body.time_source === "server") tally.adjusted++;
  const alert = body.alert as { readonly notified?: boolean } | null | undefined;
  if (alert?.notified === true) tally.alerts++;
}

export const answerText = ({ status, body }: Answer): string =>
  status === NO_ANSWER ? "got no answer" : `answered ${status} ${JSON.stringify(body)}`;
