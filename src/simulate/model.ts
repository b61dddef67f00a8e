import { offRoadKm, type Position, type Road } from "./geography.ts";
import { type Event, type Message, type Reason, THRESHOLD_KM, type Trip } from "./messages.ts";

/** The expected answer to one event. */
export interface Expectation {
  /** 200, or the status of an error. */
  readonly status: number;
  readonly duplicate: boolean;
  /** Empty: the event is applied. Otherwise it is ignored with one of these reasons. */
  readonly reasons: readonly Reason[];
  readonly clock: "client" | "server";
}
export interface Episode {
  readonly state: "open" | "closed";
  readonly reason: "back_on_route" | "route_changed" | undefined;
}
/** The expected state at the end. */
export interface Expected {
  readonly answers: ReadonlyMap<Event, Expectation>;
  /** The newest valid fix. */
  readonly newest: Event | undefined;
  /** All episodes, oldest first. */
  readonly episodes: readonly Episode[];
  /** Distances from the route, in km, of the fixes that may open or close an episode. */
  readonly deviations: readonly number[];
}

/** An open episode ends when the distance is below this share of the threshold. */
const CLOSES_WITHIN = 0.8;
/** Closer to a threshold than this, the model's flat map and the API's sphere may give different results. */
const UNSURE_KM = 0.05;
const NEVER = Number.NEGATIVE_INFINITY;
const STATUS = { counts: 200, implausible: 200, repeated: 200, reused: 409, invalid: 400 } as const;

/** The state of a vehicle's episodes. */
interface Following {
  readonly lastMs: number;
  readonly routeId: string | undefined;
  readonly streak: number;
  readonly episodes: readonly Episode[];
  readonly deviations: readonly number[];
}

/** Computes the expected answers and the final state in the order of sending, as the API should. */
export function expectedFixes(trip: Trip): Expected {
  const answers = new Map<Event, Expectation>();
  let newest: Event | undefined;
  let following: Following = { lastMs: NEVER, routeId: undefined, streak: 0, episodes: [], deviations: [] };
  for (const message of trip.messages) {
    // The API processes a batch in order of time.
    for (const event of [...message.events].sort((a, b) => timeOf(a) - timeOf(b))) {
      const lastMs = message.path === "/route" ? following.lastMs : newest === undefined ? NEVER : timeOf(newest);
      const isLate = message.path !== "/delivery" && event.kind === "counts" && timeOf(event) < lastMs;
      answers.set(event, answerTo(event, isLate));
      if (isLate || event.kind !== "counts") continue;
      if (message.path === "/route") following = follow(following, event, message, trip);
      else if (message.path === "/vehicle") newest = event;
    }
  }
  return { answers, newest, episodes: following.episodes, deviations: following.deviations };
}

/** An event of a wrong clock has the time of its receipt, which is after the whole plan. */
const timeOf = ({ ms }: Event): number => ms ?? Number.POSITIVE_INFINITY;

function answerTo({ kind, ms, refused }: Event, isLate: boolean): Expectation {
  const reasons: readonly Reason[] = kind === "implausible" ? ["implausible"] : isLate ? ["late"] : (refused ?? []);
  return { status: STATUS[kind], duplicate: kind === "repeated", reasons, clock: ms === undefined ? "server" : "client" };
}

function follow(before: Following, event: Event, message: Message, trip: Trip): Following {
  const routeId = String(event.body.route_id);
  const km = offRoadKm(routeAt(trip, routeId, message.step), event.body.position as Position);
  const isOther = before.routeId !== undefined && routeId !== before.routeId;
  const known = isOther ? before.episodes.map((one) => (one.state === "open" ? closed("route_changed") : one)) : before.episodes;
  const isOpen = known.at(-1)?.state === "open";
  const isDeviated = km > THRESHOLD_KM;
  const streak = isDeviated && !isOpen ? (isOther ? 0 : before.streak) + 1 : 0;
  const opens = streak >= trip.confirmFixes;
  const ends = isOpen && km <= CLOSES_WITHIN * THRESHOLD_KM;
  const episodes: readonly Episode[] = opens ? [...known, OPEN] : ends ? [...known.slice(0, -1), closed("back_on_route")] : known;
  return { lastMs: timeOf(event), routeId, streak: opens ? 0 : streak, episodes, deviations: [...before.deviations, km] };
}

const OPEN: Episode = { state: "open", reason: undefined };
const closed = (reason: Episode["reason"]): Episode => ({ state: "closed", reason });

/** The version of a route that is stored when the trip reaches `step`. */
const routeAt = (trip: Trip, id: string, step: number): Road =>
  trip.plannings.filter(({ route, step: from }) => route.id === id && from <= step).at(-1)?.route ?? trip.road;

/** True when a fix is so close to a threshold that model and API may give different results. */
export const isUnsure = ({ deviations }: Expected): boolean =>
  deviations.some((km) => [THRESHOLD_KM, CLOSES_WITHIN * THRESHOLD_KM].some((limit) => Math.abs(km - limit) < UNSURE_KM));
