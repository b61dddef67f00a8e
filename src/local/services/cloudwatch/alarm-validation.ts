import type { PutMetricAlarmCommandInput } from "@aws-sdk/client-cloudwatch";
import { LocalFault } from "../../core/service.ts";
import { isStatistic } from "./statistics.ts";

const DAY = 86_400;
const WEEK = 7 * DAY;
const HOUR = 3_600;
const MOST_ACTIONS = 5;
const COMPARISONS = ["GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"];
const MISSING = ["breaching", "notBreaching", "ignore", "missing"];

const invalid = (message: string): LocalFault => new LocalFault("ValidationError", message);

/** Checks a metric alarm. Throws AWS's validation faults. */
export function checkAlarm(input: PutMetricAlarmCommandInput): void {
  const { AlarmName = "", AlarmActions, OKActions, InsufficientDataActions, ComparisonOperator = "", TreatMissingData } = input;
  if (AlarmName.length < 1 || AlarmName.length > 255) throw invalid("AlarmName must be 1 to 255 characters long.");
  if (Object.hasOwn(input, "Metrics") && input.Metrics?.length)
    throw new LocalFault("NotImplemented", "The local AWS has alarms on single metrics only (cloudwatch:PutMetricAlarm).", 501);
  if (!COMPARISONS.includes(ComparisonOperator))
    throw COMPARISONS_OF_BANDS.includes(ComparisonOperator)
      ? new LocalFault("NotImplemented", "The local AWS has no anomaly detection (cloudwatch:PutMetricAlarm).", 501)
      : invalid(
          `1 validation error detected: Value '${ComparisonOperator}' at 'comparisonOperator' failed to satisfy constraint: Member must satisfy enum value set: [${COMPARISONS.join(", ")}]`,
        );
  if (TreatMissingData !== undefined && !MISSING.includes(TreatMissingData))
    throw invalid(`Option ${TreatMissingData} is not supported for TreatMissingData. Supported options: [${MISSING.join(", ")}]`);
  for (const actions of [AlarmActions, OKActions, InsufficientDataActions]) checkActions(actions ?? []);
  checkMetric(input);
  checkPeriods(input);
}
const COMPARISONS_OF_BANDS = ["LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"];

function checkActions(actions: readonly string[]): void {
  if (actions.length > MOST_ACTIONS) throw invalid(`An alarm has at most ${MOST_ACTIONS} actions for each state.`);
  for (const action of actions)
    if (!/^arn:aws[\w-]*:(sns|lambda|automate|swf|ssm|ssm-incidents|autoscaling|aiops):/.test(action))
      throw invalid(`Invalid arn syntax: ${action}`);
  if (new Set(actions).size < actions.length) throw invalid("The list of actions must not hold an action twice.");
}
function checkMetric({ MetricName, Namespace, Statistic, ExtendedStatistic, Threshold }: PutMetricAlarmCommandInput): void {
  if (MetricName === undefined || Namespace === undefined) throw invalid("Exactly one metric, with its name and namespace, must be given.");
  if ((Statistic === undefined) === (ExtendedStatistic === undefined))
    throw invalid("Either Statistic or ExtendedStatistic must be given, and not both.");
  const statistic = Statistic ?? ExtendedStatistic ?? "";
  if (!isStatistic(statistic))
    throw invalid(`The value ${statistic} for parameter ${Statistic ? "Statistic" : "ExtendedStatistic"} is not supported.`);
  if (Threshold === undefined) throw invalid("The parameter Threshold is required.");
}
function checkPeriods({ Period = 0, EvaluationPeriods = 0, DatapointsToAlarm }: PutMetricAlarmCommandInput): void {
  if (Period < 10 || (Period % 60 !== 0 && ![10, 20, 30].includes(Period))) throw invalid("Period must be 10, 20, 30 or a multiple of 60");
  if (EvaluationPeriods < 1) throw invalid("EvaluationPeriods must be at least 1.");
  if (DatapointsToAlarm !== undefined && (DatapointsToAlarm < 1 || DatapointsToAlarm > EvaluationPeriods))
    throw invalid("DatapointsToAlarm must be between 1 and EvaluationPeriods.");
  if (Period * EvaluationPeriods > (Period >= HOUR ? WEEK : DAY))
    throw invalid(
      `Metrics cannot be checked across more than ${Period >= HOUR ? "seven days" : "a day"} (EvaluationPeriods * Period must be <= ${Period >= HOUR ? WEEK : DAY}).`,
    );
}
