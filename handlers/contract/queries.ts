import * as z from "zod/mini";
import {
  alertState,
  alertsLimit,
  cursor,
  deliveriesLimit,
  deliveryStatus,
  makeId,
  makeQueryTime,
  vehicleState,
  vehiclesLimit,
} from "./schemas.ts";

/** The query parameters of a list, by name. All are optional; other names are refused. */
export type QuerySpec = Readonly<Record<string, z.core.$ZodType>>;

export const deliveriesQuery = {
  driver_id: makeId("Id of the driver. Either this or `status` is required."),
  status: deliveryStatus,
  from: makeQueryTime("Earliest `updated_at`, inclusive."),
  to: makeQueryTime("Latest `updated_at`, inclusive."),
  limit: deliveriesLimit,
  cursor,
} as const satisfies QuerySpec;

export const vehiclesQuery = { state: vehicleState, limit: vehiclesLimit, cursor } as const satisfies QuerySpec;
export const alertsQuery = { state: alertState, limit: alertsLimit, cursor } as const satisfies QuerySpec;

export interface Parameter {
  readonly name: string;
  readonly description: string;
  /** Schema of the value, which arrives as text. */
  readonly schema: z.core.$ZodType;
}

export const parametersOf = (spec: QuerySpec): readonly Parameter[] =>
  Object.entries(spec).map(([name, schema]) => ({ name, description: z.globalRegistry.get(schema)?.description ?? "", schema }));
