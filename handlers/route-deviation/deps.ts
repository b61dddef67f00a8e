import type { Publish } from "../shared/aws/sns.ts";
import type { RawStore } from "../shared/intake.ts";
import type { Runtime } from "../shared/serve.ts";
import type { TrackingRules } from "../tracking/fix.ts";
import type { AlertLocale } from "./notify.ts";
import type { AlertRules } from "./state.ts";
import type { DeviationStore } from "./store.ts";

export interface DeviationDeps extends DeviationStore, RawStore {
  readonly publish: Publish;
  readonly routesTable: string;
  readonly topicArn: string;
  /** Used when neither the call nor the route has a threshold. */
  readonly thresholdKm: number;
  readonly rules: AlertRules;
  readonly tracking: TrackingRules;
  readonly silentAfterMinutes: number;
  readonly locale: AlertLocale;
  readonly runtime: Runtime;
}
