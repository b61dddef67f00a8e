import type { Config } from "../config/config.ts";
import { topology } from "../stack/topology.ts";

/** Ids of the resources that hold data. They are replaced after `--allow-data-loss` only. Makes no call. */
export function resourceIds(config: Config): readonly string[] {
  const place = { partition: "aws", region: config.region, account: "000000000000" };
  const { nodes } = topology(config, { place, local: false, callerCidr: undefined, privateSubnets: undefined, artifacts: undefined });
  return nodes.filter(({ kind }) => kind.holdsData).map(({ id }) => id);
}
