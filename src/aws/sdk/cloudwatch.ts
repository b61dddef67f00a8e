import {
  type CloudWatch as AllCloudWatch,
  CloudWatchClient,
  DeleteAlarmsCommand,
  DeleteDashboardsCommand,
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  GetDashboardCommand,
  GetMetricDataCommand,
  ListTagsForResourceCommand,
  PutDashboardCommand,
  PutMetricAlarmCommand,
  paginateDescribeAlarms,
  paginateListDashboards,
  TagResourceCommand,
} from "@aws-sdk/client-cloudwatch";
import { type Operations, withOperations } from "./operations.ts";

const commands = {
  DeleteAlarmsCommand,
  DeleteDashboardsCommand,
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  GetDashboardCommand,
  GetMetricDataCommand,
  ListTagsForResourceCommand,
  PutDashboardCommand,
  PutMetricAlarmCommand,
  TagResourceCommand,
};
const paginators = { paginateDescribeAlarms, paginateListDashboards };

export type CloudWatch = Operations<AllCloudWatch, typeof commands, typeof paginators>;
export const CloudWatch = withOperations<CloudWatch>(CloudWatchClient, commands, paginators);
