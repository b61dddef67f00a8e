/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  PutMetricData: "kept by the minute: `StorageResolution` 1 is taken as 60",
  GetMetricData: "no metric math, no Metrics Insights, no other accounts",
  GetMetricStatistics: "periods below a minute are answered by the minute",
  PutMetricAlarm: "on single metrics: no metric math, anomaly detection or queries; evaluated each minute",
  DescribeAlarms: "there are no composite alarms",
  DescribeAlarmHistory: "the last 100 entries of an alarm, in one page",
};
