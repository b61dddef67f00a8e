import { HOURS_A_MONTH, type Prices } from "./prices.ts";

/** The settings that decide the fixed cost of a resource. Specs and live values use the same names. */
interface Settings {
  readonly instanceClass?: string;
  readonly storageGb?: number;
  readonly multiAz?: boolean;
  /** Attributes of a live database, by path. */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** A web ACL of ours has a rate rule and AWS's group of common rules. */
const WEB_ACL_RULES = 2;
/** RDS keeps the password in a secret of Secrets Manager. */
const SECRETS_OF_A_DATABASE = 1;

/**
 * Fixed cost of a resource in US dollars a month; 0 when it costs by use only; undefined when the price of its class is not in the table.
 * `settings` is its spec, or its live value.
 */
export function fixedCost(kind: string, settings: unknown, prices: Prices): number | undefined {
  switch (kind) {
    case "rds.instance":
      return databaseCost(settings as Settings, prices);
    case "cloudwatch.alarm":
      return prices.cloudwatch.perAlarmMonth;
    case "cloudwatch.dashboard":
      return prices.cloudwatch.perDashboardMonth;
    case "kms.key":
      return prices.kms.perKeyMonth;
    case "wafv2.web-acl":
      return prices.waf.perAclMonth + WEB_ACL_RULES * prices.waf.perRuleMonth;
    default:
      return 0;
  }
}

function databaseCost(settings: Settings, { rds, secretsManager }: Prices): number | undefined {
  const { instanceClass, storageGb, multiAz } = { ...settings, ...settings.attributes } as Settings;
  const perHour = rds.perHour.get(instanceClass ?? "");
  if (perHour === undefined || storageGb === undefined) return undefined;
  const one = perHour * HOURS_A_MONTH + storageGb * rds.gp3PerGbMonth;
  return one * (multiAz ? 2 : 1) + SECRETS_OF_A_DATABASE * secretsManager.perSecretMonth;
}
