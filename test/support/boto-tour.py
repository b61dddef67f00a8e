"""A user's tour of every service but S3 with boto3, against the address given; every step asserts what AWS would answer."""

import base64
import io
import json
import sys
import urllib.request
import zipfile

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.config import Config
from botocore.exceptions import ClientError

URL = sys.argv[1]
ACCOUNT = "000000000000"
OPTIONS = dict(endpoint_url=URL, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test", config=Config(retries={"total_max_attempts": 1}))


def client(name):
    return boto3.client(name, **OPTIONS)


def code(call, *positional, **arguments):
    try:
        call(*positional, **arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def trust(service):
    statement = {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(action, resource="*"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]})


def identity():
    sts, iam = client("sts"), client("iam")
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    role = iam.create_role(RoleName="boto", AssumeRolePolicyDocument=trust({"AWS": "*"}), Tags=[{"Key": "a", "Value": "b"}])["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Action"] == "sts:AssumeRole"
    assert code(iam.create_role, RoleName="boto", AssumeRolePolicyDocument=trust({"AWS": "*"})) == "EntityAlreadyExists"
    iam.get_waiter("role_exists").wait(RoleName="boto")
    iam.put_role_policy(RoleName="boto", PolicyName="p", PolicyDocument=allow("dynamodb:ListTables"))
    policy = iam.create_policy(PolicyName="own", PolicyDocument=allow("sns:ListTopics"))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="boto", PolicyArn=policy)
    assert [p["PolicyName"] for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName="boto") for p in page["AttachedPolicies"]] == ["own"]
    given = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="tour")["Credentials"]
    as_role = {**OPTIONS, "aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"], "aws_session_token": given["SessionToken"]}
    assert boto3.client("sts", **as_role).get_caller_identity()["Arn"].endswith("assumed-role/boto/tour")
    boto3.client("dynamodb", **as_role).list_tables()
    boto3.client("sns", **as_role).list_topics()
    assert code(boto3.client("iam", **as_role).list_roles) == "AccessDenied"
    assert code(iam.delete_role, RoleName="boto") == "DeleteConflict"
    iam.detach_role_policy(RoleName="boto", PolicyArn=policy)
    iam.delete_policy(PolicyArn=policy)
    iam.delete_role_policy(RoleName="boto", PolicyName="p")
    iam.delete_role(RoleName="boto")
    assert code(iam.get_role, RoleName="boto") == "NoSuchEntity"


def dynamodb():
    resource, low = boto3.resource("dynamodb", **OPTIONS), client("dynamodb")
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    index = {"IndexName": "by-kind", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}
    table = resource.create_table(
        TableName="boto",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in [("pk", "S"), ("sk", "N"), ("kind", "S")]],
        GlobalSecondaryIndexes=[index],
        BillingMode="PAY_PER_REQUEST",
    )
    table.wait_until_exists()
    with table.batch_writer() as batch:
        for i in range(60):
            batch.put_item(Item={"pk": "a", "sk": i, "kind": "even" if i % 2 == 0 else "odd", "data": {"list": [1, None, b"x", {"s"}]}})
    assert table.query(KeyConditionExpression=Key("pk").eq("a") & Key("sk").between(10, 19))["Count"] == 10
    assert table.query(IndexName="by-kind", KeyConditionExpression=Key("kind").eq("odd"))["Count"] == 30
    assert table.scan(FilterExpression=Attr("sk").lt(5))["Count"] == 5
    pages = low.get_paginator("scan").paginate(TableName="boto", PaginationConfig={"PageSize": 25})
    assert [len(page["Items"]) for page in pages] == [25, 25, 10]
    updated = table.update_item(Key={"pk": "a", "sk": 1}, UpdateExpression="SET n = if_not_exists(n, :o) + :i", ExpressionAttributeValues={":o": 0, ":i": 5}, ReturnValues="ALL_NEW")
    assert updated["Attributes"]["n"] == 5
    try:
        table.put_item(Item={"pk": "a", "sk": 1}, ConditionExpression=Attr("pk").not_exists(), ReturnValuesOnConditionCheckFailure="ALL_OLD")
        raise AssertionError("written over")
    except low.exceptions.ConditionalCheckFailedException as error:
        assert error.response["Item"]["n"] == {"N": "5"}
    check = {"ConditionCheck": {"TableName": "boto", "Key": {"pk": {"S": "x"}, "sk": {"N": "1"}}, "ConditionExpression": "attribute_exists(pk)"}}
    put = {"Put": {"TableName": "boto", "Item": {"pk": {"S": "y"}, "sk": {"N": "1"}}}}
    try:
        low.transact_write_items(TransactItems=[put, check])
        raise AssertionError("half a transaction")
    except low.exceptions.TransactionCanceledException as error:
        assert [r["Code"] for r in error.response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
    assert "Item" not in table.get_item(Key={"pk": "y", "sk": 1})
    low.update_time_to_live(TableName="boto", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"})
    assert low.describe_time_to_live(TableName="boto")["TimeToLiveDescription"]["AttributeName"] == "ends"
    table.delete()
    table.wait_until_not_exists()
    assert code(low.describe_table, TableName="boto") == "ResourceNotFoundException"


def functions():
    iam, functions_, logs, gateway = client("iam"), client("lambda"), client("logs"), client("apigateway")
    role = iam.create_role(RoleName="runner", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))["Role"]["Arn"]
    iam.put_role_policy(RoleName="runner", PolicyName="logs", PolicyDocument=allow("logs:*"))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        source = "export const handler = async (e) => { console.log('seen'); if (e.bad) throw new TypeError('no'); return { statusCode: 200, body: e.path ?? 'none' }; };"
        writer.writestr("index.mjs", source)
    made = functions_.create_function(FunctionName="boto", Runtime="nodejs24.x", Role=role, Handler="index.handler", Code={"ZipFile": archive.getvalue()}, Publish=True)
    functions_.get_waiter("function_active_v2").wait(FunctionName="boto")
    answer = functions_.invoke(FunctionName="boto", Payload=b"{}", LogType="Tail")
    assert json.load(answer["Payload"]) == {"statusCode": 200, "body": "none"} and answer["ExecutedVersion"] == "$LATEST"
    assert b"seen" in base64.b64decode(answer["LogResult"])
    failed = functions_.invoke(FunctionName="boto", Payload=b'{"bad":1}')
    assert failed["FunctionError"] == "Unhandled" and json.load(failed["Payload"])["errorType"] == "TypeError"
    functions_.create_alias(FunctionName="boto", Name="live", FunctionVersion=made["Version"])
    assert functions_.invoke(FunctionName="boto:live", Payload=b"{}")["ExecutedVersion"] == made["Version"]
    assert code(functions_.invoke, FunctionName="nobody") == "ResourceNotFoundException"
    assert code(functions_.invoke, FunctionName="boto", Payload=b"{") == "InvalidRequestContentException"
    events = logs.filter_log_events(logGroupName="/aws/lambda/boto", filterPattern="seen")["events"]
    assert len(events) == 3 and "seen" in events[0]["message"]
    functions_.add_permission(FunctionName="boto", StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com")
    api = gateway.create_rest_api(name="boto")
    root = gateway.get_resources(restApiId=api["id"])["items"][0]["id"]
    at = dict(restApiId=api["id"], resourceId=gateway.create_resource(restApiId=api["id"], parentId=root, pathPart="{p+}")["id"], httpMethod="ANY")
    gateway.put_method(**at, authorizationType="NONE")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:boto/invocations"
    gateway.put_integration(**at, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=api["id"], stageName="v1")
    assert urllib.request.urlopen(f"{URL}/restapis/{api['id']}/v1/_user_request_/a/b").read() == b"/a/b"
    acls(f"arn:aws:apigateway:us-east-1::/restapis/{api['id']}/stages/v1")
    assert gateway.get_stage(restApiId=api["id"], stageName="v1")["stageName"] == "v1"
    gateway.delete_rest_api(restApiId=api["id"])
    assert code(gateway.get_rest_api, restApiId=api["id"]) == "NotFoundException"
    functions_.delete_function(FunctionName="boto")


def acls(stage):
    waf = client("wafv2")
    shown = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}
    acl = waf.create_web_acl(Name="boto", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=shown)["Summary"]
    waf.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=stage)
    assert waf.get_web_acl_for_resource(ResourceArn=stage)["WebACL"]["Name"] == "boto"
    assert code(waf.delete_web_acl, Name="boto", Scope="REGIONAL", Id=acl["Id"], LockToken=acl["LockToken"]) == "WAFAssociatedItemException"
    waf.disassociate_web_acl(ResourceArn=stage)
    waf.delete_web_acl(Name="boto", Scope="REGIONAL", Id=acl["Id"], LockToken=acl["LockToken"])


def messages():
    sns = client("sns")
    topic = sns.create_topic(Name="boto")["TopicArn"]
    assert sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15550123", ReturnSubscriptionArn=True)["SubscriptionArn"].startswith(topic)
    assert sns.publish(TopicArn=topic, Message="by text", MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}})["MessageId"]
    assert code(sns.publish, TopicArn=topic + "x", Message="m") == "NotFound"
    assert len(sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": str(i), "Message": "m"} for i in range(3)])["Successful"]) == 3
    assert [s["Protocol"] for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic) for s in page["Subscriptions"]] == ["sms"]
    sns.delete_topic(TopicArn=topic)


def secrets():
    secrets_, kms = client("secretsmanager"), client("kms")
    arn = secrets_.create_secret(Name="boto", SecretString="one")["ARN"]
    secrets_.put_secret_value(SecretId="boto", SecretString="two")
    assert secrets_.get_secret_value(SecretId=arn)["SecretString"] == "two"
    assert secrets_.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")["SecretString"] == "one"
    secrets_.delete_secret(SecretId="boto", ForceDeleteWithoutRecovery=True)
    assert code(secrets_.get_secret_value, SecretId="boto") == "ResourceNotFoundException"
    key = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/boto", TargetKeyId=key)
    assert kms.describe_key(KeyId="alias/boto")["KeyMetadata"]["KeyState"] == "Enabled"
    assert [a["AliasName"] for page in kms.get_paginator("list_aliases").paginate(KeyId=key) for a in page["Aliases"]] == ["alias/boto"]
    assert code(kms.describe_key, KeyId="alias/none") == "NotFoundException"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert code(kms.enable_key, KeyId=key) == "KMSInvalidStateException"


def databases():
    rds, ec2 = client("rds"), client("ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    assert len({s["AvailabilityZone"] for s in subnets}) > 1
    group = ec2.create_security_group(GroupName="boto", Description="d", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    assert code(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[rule]) == "InvalidPermission.Duplicate"
    assert [p["FromPort"] for g in ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"] for p in g["IpPermissions"]] == [5432]
    name = dict(DBInstanceIdentifier="boto")
    size = dict(DBInstanceClass="db.t4g.micro", AllocatedStorage=20, Engine="postgres", MasterUsername="boss", ManageMasterUserPassword=True)
    rds.create_db_instance(**name, **size, VpcSecurityGroupIds=[group])
    rds.get_waiter("db_instance_available").wait(**name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    assert code(rds.create_db_instance, **name, **size) == "DBInstanceAlreadyExists"
    found = rds.describe_db_instances(**name)["DBInstances"][0]
    assert found["EngineVersion"].startswith("17") and found["MasterUserSecret"]["SecretArn"]
    assert code(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    rds.delete_db_instance(**name, SkipFinalSnapshot=True)
    rds.get_waiter("db_instance_deleted").wait(**name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    assert code(rds.describe_db_instances, **name) == "DBInstanceNotFound"
    ec2.delete_security_group(GroupId=group)


for part in [identity, dynamodb, functions, messages, secrets, databases]:
    part()
print("done")
