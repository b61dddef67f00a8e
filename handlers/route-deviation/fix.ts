import type { RouteFix } from "../contract/schemas.ts";
import type { Position } from "../shared/geodesy.ts";
import type { EventIdentity } from "../shared/identity.ts";
import type { TrackingRules } from "../tracking/fix.ts";
import type { Track } from "../tracking/track.ts";
import type { AlertRules } from "./state.ts";

/** A fix with its distance from the route. Distances in km, rounded. */
export interface MeasuredFix extends Pick<RouteFix, "speed_kmh" | "accuracy_m" | "heading_deg"> {
  readonly event: EventIdentity;
  readonly vehicleId: string;
  /** Undefined: the route was part of the call and had no id. */
  readonly routeId: string | undefined;
  /** See `routeKey`. */
  readonly routeKey: string;
  readonly driverId: string | undefined;
  readonly position: Position;
  readonly deviationKm: number;
  readonly thresholdKm: number;
}

/** The inputs of a decision besides state and fix. */
export interface DecisionContext {
  readonly rules: AlertRules;
  readonly tracking: TrackingRules;
  readonly nowMs: number;
  /** The track that calculate-eta keeps of this vehicle. */
  readonly otherTrack?: Track | undefined;
  /** Added to the opening time of an episode when its sort key in the alerts table is in use. */
  readonly openingShiftMs?: number | undefined;
}
