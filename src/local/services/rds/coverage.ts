/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  CreateDBInstance:
    "PostgreSQL 17 only; class, storage, zones and backup settings are kept and shown, not enacted; Port is where the search for a free port begins; security groups do not filter (loopback only); no automated snapshots",
  ModifyDBInstance: "there is no maintenance window: pending values wait for a call with ApplyImmediately; no DBPortNumber",
  RestoreDBInstanceFromDBSnapshot: "only snapshots made here",
  RestoreDBInstanceToPointInTime:
    "UseLatestRestorableTime only, which is the data as it is now, of an instance that runs; instances show no LatestRestorableTime",
  RebootDBInstance: "ForceFailover restarts in place",
  DescribeDBParameters: "names, values, types and ranges; no descriptions",
  ModifyDBParameterGroup: "formulas such as {DBInstanceClassMemory/9531392} are kept, and PostgreSQL's own default is used",
  DescribeOrderableDBInstanceOptions: "a dozen common classes, three storage types",
  DescribeDBEngineVersions: "the one version that runs here",
  DescribeDBClusters: "always empty",
  DescribeOptionGroups: "the default group only",
  DescribePendingMaintenanceActions: "always empty",
  CreateEventSubscription: "kept and shown; no events are sent",
};
