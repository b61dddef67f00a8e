import { FleetlogixError } from "../errors.ts";
import { STAGE_ID } from "../stack-ids.ts";

/** For a command that needs the deployed API. */
export const noApiYet = (): FleetlogixError =>
  new FleetlogixError("NOT_DEPLOYED", "There is no API yet.", { hint: "Create it with `fleetlogix up`.", resource: STAGE_ID });
