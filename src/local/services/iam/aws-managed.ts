/** A policy that AWS manages and that every account may attach. */
export interface AwsManagedPolicy {
  readonly name: string;
  readonly arn: string;
  readonly path: string;
  readonly document: string;
  readonly description: string;
}

const allow = (Action: string | readonly string[], Resource: string | readonly string[] = "*") => ({ Effect: "Allow", Action, Resource });
const LOG_WRITES = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];
const READS = ["*:Describe*", "*:Get*", "*:List*", "*:BatchGet*", "*:Query", "*:Scan", "*:Head*", "*:Search*", "*:Filter*"];
const SERVICES = ["apigateway", "dynamodb", "ec2", "iam", "lambda", "logs", "rds", "s3", "secretsmanager", "sns", "sts"];

const policy = (name: string, path: string, description: string, ...statements: object[]): AwsManagedPolicy => ({
  name,
  path,
  arn: `arn:aws:iam::aws:policy${path}${name}`,
  description,
  document: JSON.stringify({ Version: "2012-10-17", Statement: statements }),
});

/** The AWS managed policies that a back end of functions, tables and a database uses. ReadOnlyAccess covers only the services that exist here. */
const POLICIES: readonly AwsManagedPolicy[] = [
  policy("AdministratorAccess", "/", "Provides full access to AWS services and resources.", allow("*")),
  policy(
    "ReadOnlyAccess",
    "/",
    "Provides read-only access to AWS services and resources.",
    // On AWS, too, it does not include reading a secret's value.
    allow(SERVICES.flatMap((service) => READS.map((read) => read.replace("*", service)).filter((read) => read !== "secretsmanager:Get*"))),
  ),
  policy("AWSLambdaBasicExecutionRole", "/service-role/", "Provides write permissions to CloudWatch Logs.", allow(LOG_WRITES)),
  policy(
    "AWSLambdaVPCAccessExecutionRole",
    "/service-role/",
    "Provides minimum permissions for a Lambda function to execute while accessing a resource within a VPC.",
    allow([
      ...LOG_WRITES,
      "ec2:CreateNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:DeleteNetworkInterface",
    ]),
  ),
  policy(
    "AmazonAPIGatewayPushToCloudWatchLogs",
    "/service-role/",
    "Allows API Gateway to push logs to user's account.",
    allow([...LOG_WRITES, "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:FilterLogEvents"]),
  ),
  policy(
    "AmazonRDSEnhancedMonitoringRole",
    "/service-role/",
    "Provides access to Cloudwatch for RDS Enhanced Monitoring",
    allow(["logs:CreateLogGroup", "logs:PutRetentionPolicy"], ["arn:aws:logs:*:*:log-group:RDS*"]),
    allow(
      ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", "logs:GetLogEvents"],
      ["arn:aws:logs:*:*:log-group:RDS*:log-stream:*"],
    ),
  ),
  policy(
    "AWSXRayDaemonWriteAccess",
    "/",
    "Allows the X-Ray daemon to relay trace segments.",
    allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"]),
  ),
];
const BY_ARN = new Map(POLICIES.map((each) => [each.arn, each]));

export const findAwsPolicy = (arn: string): AwsManagedPolicy | undefined => BY_ARN.get(arn);
export const awsPolicies = (): readonly AwsManagedPolicy[] => POLICIES;
