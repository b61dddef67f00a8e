import type { Road } from "./geography.ts";

export const THRESHOLD_KM = 1;

export type Path = "/delivery" | "/vehicle" | "/route";
/**
 * The type of an event. `counts`: valid. `implausible`: cannot be true. `repeated`: an earlier event with another time. `reused`: has the
 * id of another event. `invalid`: the API refuses it.
 */
export type Kind = "counts" | "implausible" | "repeated" | "reused" | "invalid";
/** The reason why a valid event changed nothing. */
export type Reason = "late" | "final" | "implausible";

export interface Event {
  readonly body: Readonly<Record<string, unknown>>;
  readonly kind: Kind;
  /** ms since 1970; undefined: the event has a wrong time, and the time of its receipt counts. */
  readonly ms: number | undefined;
  /** For a delivery update: the reasons with which it may be ignored. For fixes, the model computes them. */
  readonly refused?: readonly Reason[] | undefined;
}
/** A call that changes state: one event, or a batch. It is sent at `step`, `copies` times at once. */
export interface Message {
  readonly step: number;
  readonly path: Path;
  readonly events: readonly Event[];
  readonly isBatch: boolean;
  readonly copies: number;
}
/** A delivery with its updates. */
export interface Parcel {
  readonly deliveryId: string;
  readonly messages: readonly Message[];
  /** The expected state at the end. Times in ms since 1970; `server`: any time of the run. */
  readonly expected: {
    readonly status: string;
    readonly updatedMs: number | "server";
    readonly deliveredMs: number | "server" | null;
  };
}
/** A planned route that is stored when the trip reaches `step`. */
export interface Planning {
  readonly step: number;
  readonly route: Road;
}
export interface Trip {
  readonly vehicleId: string;
  readonly road: Road;
  /** Routes that only this vehicle uses, and new versions of them. */
  readonly plannings: readonly Planning[];
  /** In the order of sending, without the lost messages. */
  readonly messages: readonly Message[];
  readonly parcels: readonly Parcel[];
  readonly lost: number;
  readonly confirmFixes: number;
  /** km left at the last fix, when the vehicle is on its route. */
  readonly remainingKm: number | undefined;
}
