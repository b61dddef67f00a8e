/** Part of the name of each foreign resource. No writing call may name one of them. */
export const FOREIGN_NAME = "someone-elses";

type Call = readonly [service: string, operation: string, input: Record<string, unknown>];
type Dispatch = (...call: Call) => Promise<Record<string, unknown>>;

const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const VISIBILITY = { SampledRequestsEnabled: false, CloudWatchMetricsEnabled: false, MetricName: FOREIGN_NAME };
const DASHBOARD_BODY = JSON.stringify({
  widgets: [{ type: "text", x: 0, y: 0, width: 6, height: 3, properties: { markdown: FOREIGN_NAME } }],
});

/** One resource for each service of which the stack may have one. */
const CALLS: readonly Call[] = [
  ["apigateway", "CreateRestApi", { name: FOREIGN_NAME }],
  ["apigateway", "CreateUsagePlan", { name: FOREIGN_NAME }],
  ["apigateway", "CreateApiKey", { name: FOREIGN_NAME }],
  ["sns", "CreateTopic", { Name: FOREIGN_NAME }],
  ["logs", "CreateLogGroup", { logGroupName: `/aws/lambda/${FOREIGN_NAME}` }],
  ["iam", "CreateRole", { RoleName: FOREIGN_NAME, AssumeRolePolicyDocument: TRUST }],
  // The local EC2 creates the default network when it is read first.
  ["ec2", "DescribeVpcs", {}],
  ["ec2", "CreateSecurityGroup", { GroupName: FOREIGN_NAME, Description: FOREIGN_NAME }],
  [
    "dynamodb",
    "CreateTable",
    {
      TableName: FOREIGN_NAME,
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    },
  ],
  ["s3", "CreateBucket", { Bucket: `${FOREIGN_NAME}-data` }],
  [
    "rds",
    "CreateDBParameterGroup",
    { DBParameterGroupName: FOREIGN_NAME, DBParameterGroupFamily: "postgres17", Description: FOREIGN_NAME },
  ],
  [
    "rds",
    "CreateDBInstance",
    {
      DBInstanceIdentifier: FOREIGN_NAME,
      DBInstanceClass: "db.t4g.micro",
      Engine: "postgres",
      AllocatedStorage: 20,
      MasterUsername: "someone",
      ManageMasterUserPassword: true,
    },
  ],
  ["secretsmanager", "CreateSecret", { Name: FOREIGN_NAME, SecretString: "a secret of somebody else" }],
  [
    "wafv2",
    "CreateWebACL",
    { Name: FOREIGN_NAME, Scope: "REGIONAL", DefaultAction: { Allow: {} }, VisibilityConfig: VISIBILITY, Rules: [] },
  ],
  [
    "cloudwatch",
    "PutMetricAlarm",
    {
      AlarmName: FOREIGN_NAME,
      Namespace: "AWS/Lambda",
      MetricName: "Errors",
      Statistic: "Sum",
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: "GreaterThanThreshold",
    },
  ],
  ["cloudwatch", "PutDashboard", { DashboardName: FOREIGN_NAME, DashboardBody: DASHBOARD_BODY }],
];

/** Creates the resources of somebody else, before the first run. Both suites begin with it. */
export async function createForeignResources(dispatch: Dispatch): Promise<void> {
  for (const call of CALLS) await dispatch(...call);
  const { KeyMetadata } = await dispatch("kms", "CreateKey", { Description: FOREIGN_NAME });
  const { KeyId } = KeyMetadata as { KeyId: string };
  await dispatch("kms", "CreateAlias", { AliasName: `alias/${FOREIGN_NAME}`, TargetKeyId: KeyId });
  await databaseAvailable(dispatch);
}

const [POLL_MS, MAX_POLLS] = [20, 3_000];
/** Its document changes until then, and has to be compared byte for byte. */
async function databaseAvailable(dispatch: Dispatch): Promise<void> {
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    const { DBInstances } = await dispatch("rds", "DescribeDBInstances", { DBInstanceIdentifier: FOREIGN_NAME });
    if ((DBInstances as { DBInstanceStatus: string }[])[0]?.DBInstanceStatus === "available") return;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  throw new Error(`the database ${FOREIGN_NAME} is not available after ${(POLL_MS * MAX_POLLS) / 1_000} s`);
}
