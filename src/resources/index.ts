import type { AnyKind } from "../engine/contract.ts";
import { apigatewayAccount } from "./apigateway-account.ts";
import { apigatewayApiKey } from "./apigateway-api-key.ts";
import { apigatewayRestApi } from "./apigateway-rest-api.ts";
import { apigatewayStage } from "./apigateway-stage.ts";
import { apigatewayUsagePlan } from "./apigateway-usage-plan.ts";
import { cloudwatchAlarm } from "./cloudwatch-alarm.ts";
import { cloudwatchDashboard } from "./cloudwatch-dashboard.ts";
import { dynamodbTable } from "./dynamodb-table/index.ts";
import { ec2SecurityGroup } from "./ec2-security-group.ts";
import { iamRole } from "./iam-role.ts";
import { kmsKey } from "./kms-key.ts";
import { lambdaFunction } from "./lambda-function/index.ts";
import { lambdaPermission } from "./lambda-permission.ts";
import { logsGroup } from "./logs-group.ts";
import { rdsEventSubscription } from "./rds-event-subscription.ts";
import { rdsInstance } from "./rds-instance/index.ts";
import { rdsParameterGroup } from "./rds-parameter-group.ts";
import { rdsSubnetGroup } from "./rds-subnet-group.ts";
import { bucketElsewhere, s3Bucket } from "./s3-bucket/index.ts";
import { snsSubscription } from "./sns-subscription.ts";
import { snsTopic } from "./sns-topic.ts";
import { wafv2Association } from "./wafv2-association.ts";
import { wafv2WebAcl } from "./wafv2-web-acl.ts";

export type { MethodSpec } from "./apigateway-rest-api.ts";
export type { AlarmSpec, MetricOf } from "./cloudwatch-alarm.ts";
export { dashboardOwner } from "./cloudwatch-dashboard.ts";
export type { TableSpec } from "./dynamodb-table/index.ts";
export type { PolicyDocument, PolicyStatement } from "./iam-role.ts";
export type { KeyOutputs } from "./kms-key.ts";
export {
  apigatewayAccount,
  apigatewayApiKey,
  apigatewayRestApi,
  apigatewayStage,
  apigatewayUsagePlan,
  bucketElsewhere,
  cloudwatchAlarm,
  cloudwatchDashboard,
  dynamodbTable,
  ec2SecurityGroup,
  iamRole,
  kmsKey,
  lambdaFunction,
  lambdaPermission,
  logsGroup,
  rdsEventSubscription,
  rdsInstance,
  rdsParameterGroup,
  rdsSubnetGroup,
  s3Bucket,
  snsSubscription,
  snsTopic,
  wafv2Association,
  wafv2WebAcl,
};

/** Every kind: orphans are looked for among all of them. */
export const KINDS: readonly AnyKind[] = [
  kmsKey,
  s3Bucket,
  dynamodbTable,
  snsTopic,
  snsSubscription,
  ec2SecurityGroup,
  rdsParameterGroup,
  rdsInstance,
  logsGroup,
  iamRole,
  lambdaFunction,
  lambdaPermission,
  apigatewayAccount,
  apigatewayRestApi,
  apigatewayStage,
  apigatewayApiKey,
  apigatewayUsagePlan,
  cloudwatchAlarm,
  cloudwatchDashboard,
  rdsEventSubscription,
  rdsSubnetGroup,
  wafv2WebAcl,
  wafv2Association,
];
