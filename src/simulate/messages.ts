import type { Road } from "./geography.ts";

export const THRESHOLD_KM = 1;

export type Path = "/delivery" | "/vehicle" | "/route";
/**
 * What the sender knows of an event beside its time: it `counts`; it cannot be true; it is an earlier event again with another
 * time; it has the id of another event; it is not what the API takes.
 */
export type Kind = "counts" | "implausible" | "repeated" | "reused" | "invalid";
/** Why an event that counts changed nothing. */
export type Reason = "late" | "final" | "implausible";

export interface Event {
  readonly body: Readonly<Record<string, unknown>>;
  readonly kind: Kind;
  /** ms since 1970; undefined: it tells a wrong time, and the time of its receipt counts. */
  readonly ms: number | undefined;
  /** Of a delivery update: the reasons with which it may be refused. Of a fix the model knows. */
  readonly refused?: readonly Reason[] | undefined;
}
/** One call that changes state: an event, or several as a batch. `step` tells when it is sent; `copies`, how often at once. */
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
  /** What the back end must say at the end. Times in ms since 1970; `server`: some time of the run. */
  readonly expected: {
    readonly status: string;
    readonly updatedMs: number | "server";
    readonly deliveredMs: number | "server" | null;
  };
}
/** A planned route that is stored when the trip comes to `step`. */
export interface Planning {
  readonly step: number;
  readonly route: Road;
}
export interface Trip {
  readonly vehicleId: string;
  readonly road: Road;
  /** Routes of this vehicle alone, and new versions of them. */
  readonly plannings: readonly Planning[];
  /** In the order of sending; a lost message is not among them. */
  readonly messages: readonly Message[];
  readonly parcels: readonly Parcel[];
  readonly lost: number;
  readonly confirmFixes: number;
  /** km that are left at the last fix, where the vehicle is on its route. */
  readonly remainingKm: number | undefined;
}
