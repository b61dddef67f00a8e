import type { DeliveryAnswer, DeliveryUpdateAnswer } from "../contract/answers.ts";
import { deliveriesQuery } from "../contract/queries.ts";
import { type DeliveryUpdate, deliveryUpdate } from "../contract/schemas.ts";
import { type AttemptResult, retryContended } from "../shared/contention.ts";
import { ApiError, eventIdReused } from "../shared/errors.ts";
import { pathId } from "../shared/gateway.ts";
import { type Copied, type EventResult, type EventRoute, inOrderOf, type Received, receive, storeCopies } from "../shared/intake.ts";
import { save } from "../shared/records.ts";
import type { Call, Operations } from "../shared/serve.ts";
import { type DeliveryResult, type DeliveryState, decide, type StandingUpdate, standingOf, toAnswer, toSummary } from "./domain.ts";
import { listDeliveries } from "./list.ts";
import { type DeliveryRecord, toRecord } from "./record.ts";
import { address, type DeliveryDeps, readDelivery, toVersioned, type VersionedDelivery } from "./store.ts";

const ROUTE = "POST /delivery";

export const makeOperations = (deps: DeliveryDeps): Operations => ({
  [ROUTE]: { run: (call) => receive(makeEventRoute(deps), call) },
  "GET /delivery": { query: deliveriesQuery, run: (call) => listDeliveries(deps, call) },
  "GET /delivery/{delivery_id}": { run: (call) => getDelivery(deps, call) },
});

const makeEventRoute = (deps: DeliveryDeps): EventRoute<DeliveryUpdate> => ({
  area: "deliveries",
  route: ROUTE,
  schema: deliveryUpdate as unknown as EventRoute<DeliveryUpdate>["schema"],
  subjectOf: ({ delivery_id: id }) => id,
  claimsOf: ({ event_id: eventId, occurred_at: time, ...content }) => ({ eventId, time, content }),
  handleEvents: (call, id, events) => handleEvents(deps, call, id, events),
});

interface Decided {
  readonly state: DeliveryState;
  readonly outcomes: readonly { readonly outcome: DeliveryResult; readonly state: DeliveryState }[];
}

async function handleEvents(
  deps: DeliveryDeps,
  call: Call,
  id: string,
  events: readonly Received<DeliveryUpdate>[],
): Promise<readonly EventResult[]> {
  const found = await readDelivery(deps, call, id).catch(() => undefined);
  const known = found && { memory: found.state.memory, old: found.old };
  const { copied, failed } = await storeCopies(deps, { area: "deliveries", route: ROUTE }, call, id, events, known);
  const results = new Map<number, EventResult>();
  if (copied.length > 0) {
    const { outcomes } = await retryContended(makeAttempt(deps, call, id, copied, found), deps.runtime);
    for (const [index, one] of copied.entries()) {
      const { outcome, state } = outcomes[index] as Decided["outcomes"][number];
      deps.pending.remove("deliveries", id, one.event);
      results.set(one.index, toResult(call, one, outcome, state));
    }
  }
  return inOrderOf(events, failed, results);
}

/** Makes one attempt: reads the state unless it is known, decides about all events and writes once. */
function makeAttempt(
  deps: DeliveryDeps,
  call: Call,
  id: string,
  events: readonly Copied<DeliveryUpdate>[],
  found: VersionedDelivery | undefined,
): (conflicting: VersionedDelivery | undefined) => Promise<AttemptResult<Decided, VersionedDelivery>> {
  let first = found;
  let written: { readonly writer: string; readonly decided: Decided } | undefined;
  let writes = 0;
  return async (conflicting) => {
    const stored = conflicting ?? first ?? (await readDelivery(deps, call, id));
    first = undefined;
    // The stored version is our own write, whose answer was lost.
    if (written !== undefined && stored.writer === written.writer) return { done: written.decided };
    const decided = decideAll(stored.state, events, deps.runtime.clock().getTime());
    if (decided.state === stored.state) return { done: decided };
    const writer = `${call.invocation}/${++writes}`;
    written = { writer, decided };
    const set = toRecord(decided.state, stored.old, writer);
    const saved = await save<DeliveryRecord>(deps.dynamodb, { ...address(deps, id), version: stored.version, set }, call.signal);
    if (!("conflicting" in saved)) return { done: decided };
    const otherWrite = saved.conflicting && toVersioned(id, saved.conflicting);
    return otherWrite?.writer === writer ? { done: decided } : { conflicting: otherWrite };
  };
}

function decideAll(stored: DeliveryState, events: readonly Copied<DeliveryUpdate>[], nowMs: number): Decided {
  let state = stored;
  const outcomes = events.map(({ event, update }) => {
    const decision = decide(state, event, update, nowMs);
    state = decision.state;
    return decision;
  });
  return { state, outcomes };
}

function toResult(
  call: Call,
  { event, rawKey, seenBefore }: Copied<DeliveryUpdate>,
  outcome: DeliveryResult,
  state: DeliveryState,
): EventResult {
  if (outcome === "reused") return { error: eventIdReused() };
  const applied = outcome === "applied";
  const duplicate = outcome === "duplicate" || (!applied && seenBefore);
  call.count("Accepted");
  if (duplicate) call.count("Duplicate");
  else if (outcome === "late") call.count("Late");
  else if (outcome === "final") call.count("Final");
  const reason = !duplicate && (outcome === "late" || outcome === "final") ? outcome : null;
  const receipt = { applied, reason, duplicate, time_source: event.timeSource, raw_key: rawKey };
  const answer: DeliveryUpdateAnswer = { ...toSummary(state, standingOf(state) as StandingUpdate), ...receipt };
  return { answer };
}

async function getDelivery(deps: DeliveryDeps, call: Call): Promise<DeliveryAnswer> {
  const { state } = await readDelivery(deps, call, pathId(call.event, "delivery_id"));
  const standing = standingOf(state);
  if (standing === undefined) throw new ApiError("DELIVERY_NOT_FOUND", "No update of this delivery has arrived yet.");
  return toAnswer(state, standing);
}
