import type { RouteFix } from "../contract/schemas.ts";
import type { Position } from "../shared/geodesy.ts";
import type { EventIdentity } from "../shared/identity.ts";
import type { TrackingRules } from "../tracking/fix.ts";
import type { Track } from "../tracking/track.ts";
import type { AlertRules } from "./state.ts";

/** A fix, measured against its route. Distances in km, rounded. */
export interface MeasuredFix extends Pick<RouteFix, "speed_kmh" | "accuracy_m" | "heading_deg"> {
  readonly event: EventIdentity;
  readonly vehicleId: string;
  /** Undefined: the call brought the route itself and did not name it. */
  readonly routeId: string | undefined;
  /** See `routeKey`. */
  readonly routeKey: string;
  readonly driverId: string | undefined;
  readonly position: Position;
  readonly deviationKm: number;
  readonly thresholdKm: number;
}

/** What decides beside state and fix. */
export interface Circumstances {
  readonly rules: AlertRules;
  readonly tracking: TrackingRules;
  readonly nowMs: number;
  /** The track that the other function keeps of this vehicle. */
  readonly elsewhere?: Track | undefined;
  /** Added to the time at which an episode opens: that sort key of the alerts table is taken. */
  readonly openingShiftMs?: number | undefined;
}
