"""A user's tour of every service but S3 with the aws command, against the address given: its commands in one process, which starts once."""

import contextlib
import io
import json
import os
import re
import sys
import tempfile
import zipfile

from awscli.clidriver import create_clidriver

DRIVER = create_clidriver()
FOLDER = tempfile.mkdtemp()
CODE = os.path.join(FOLDER, "code.zip")
OUT = os.path.join(FOLDER, "out.json")
with zipfile.ZipFile(CODE, "w") as writer:
    writer.writestr("index.mjs", "export const handler = async (event) => ({ got: event });")


def aws(line, *more, fails=None):
    """Runs a command and returns its JSON; `fails` is what its refusal must say."""
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = DRIVER.main(["--endpoint-url", sys.argv[1], "--output", "json", *line.split(), *more])
    out.flush()
    text = out.buffer.getvalue().decode()
    if fails:
        assert status != 0 and re.search(fails, err.getvalue()), (line, status, text, err.getvalue())
        return None
    assert status in (0, None), (line, status, err.getvalue())
    return json.loads(text) if text.strip().startswith(("{", "[", '"')) else text


TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
assert aws("sts get-caller-identity")["Account"] == "000000000000"
role = aws("iam create-role --role-name cli --assume-role-policy-document", TRUST)["Role"]["Arn"]
assert aws("iam get-role --role-name cli")["Role"]["AssumeRolePolicyDocument"]["Version"] == "2012-10-17"
assert aws("iam list-roles --query Roles[].RoleName") == ["cli"]
aws("iam attach-role-policy --role-name cli --policy-arn arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")

aws("dynamodb create-table --table-name cli --billing-mode PAY_PER_REQUEST --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH")
aws("dynamodb wait table-exists --table-name cli")
aws("dynamodb put-item --table-name cli --item", '{"id":{"S":"1"},"n":{"N":"7"}}')
assert aws("dynamodb get-item --table-name cli --key", '{"id":{"S":"1"}}')["Item"]["n"] == {"N": "7"}
aws("dynamodb put-item --table-name cli --condition-expression attribute_not_exists(id) --item", '{"id":{"S":"1"}}', fails="ConditionalCheckFailedException")
aws("dynamodb delete-table --table-name cli")

aws(f"lambda create-function --function-name cli --runtime nodejs24.x --role {role} --handler index.handler --zip-file fileb://{CODE}")
aws("lambda wait function-active-v2 --function-name cli")
assert aws("lambda invoke --function-name cli --payload", '{"a":1}', OUT)["StatusCode"] == 200
assert json.load(open(OUT)) == {"got": {"a": 1}}
assert "START" in json.dumps(aws("logs filter-log-events --log-group-name /aws/lambda/cli"))
aws("lambda get-function --function-name none", fails="ResourceNotFoundException")
document = {"openapi": "3.0.1", "info": {"title": "cli", "version": "1"}, "paths": {"/": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}}}
json.dump(document, open(OUT, "w"))
api = aws(f"apigateway import-rest-api --body fileb://{OUT}")["id"]
aws(f"apigateway create-deployment --rest-api-id {api} --stage-name v1")
assert aws(f"apigateway get-stages --rest-api-id {api}")["item"][0]["stageName"] == "v1"
aws(f"apigateway delete-rest-api --rest-api-id {api}")
aws("lambda delete-function --function-name cli")

topic = aws("sns create-topic --name cli")["TopicArn"]
aws(f"sns subscribe --protocol email --notification-endpoint a@example.com --topic-arn {topic}")
assert aws(f"sns publish --message hello --topic-arn {topic}")["MessageId"]
assert aws(f"sns list-subscriptions-by-topic --topic-arn {topic}")["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"
aws(f"sns publish --message hello --topic-arn {topic}x", fails="NotFound")

aws("secretsmanager create-secret --name cli --secret-string", "s3cret")
assert aws("secretsmanager get-secret-value --secret-id cli")["SecretString"] == "s3cret"
key = aws("kms create-key --description cli")["KeyMetadata"]["KeyId"]
aws(f"kms enable-key-rotation --key-id {key}")
assert aws(f"kms get-key-rotation-status --key-id {key}")["KeyRotationEnabled"] is True
aws("logs create-log-group --log-group-name cli")
aws("logs put-retention-policy --log-group-name cli --retention-in-days 7")
assert aws("logs describe-log-groups --log-group-name-prefix cli")["logGroups"][0]["retentionInDays"] == 7
shown = "SampledRequestsEnabled=false,CloudWatchMetricsEnabled=false,MetricName=m"
aws(f"wafv2 create-web-acl --name cli --scope REGIONAL --default-action Allow={{}} --visibility-config {shown}")
assert aws("wafv2 list-web-acls --scope REGIONAL")["WebACLs"][0]["Name"] == "cli"
aws("wafv2 create-web-acl --name far --scope CLOUDFRONT --default-action Allow={} --visibility-config", shown, fails="WAFInvalidParameterException|NotImplemented")

group = aws("ec2 create-security-group --group-name cli --description d")["GroupId"]
aws(f"ec2 authorize-security-group-ingress --protocol tcp --port 5432 --cidr 10.0.0.0/8 --group-id {group}")
assert aws(f"ec2 describe-security-groups --group-ids {group}")["SecurityGroups"][0]["IpPermissions"][0]["FromPort"] == 5432
aws("rds create-db-instance --db-instance-identifier cli --db-instance-class db.t4g.micro --engine postgres --allocated-storage 20 --master-username boss --manage-master-user-password")
aws("rds wait db-instance-available --db-instance-identifier cli")
assert aws("rds describe-db-instances --query DBInstances[].DBInstanceStatus") == ["available"]
aws("rds delete-db-instance --db-instance-identifier cli --skip-final-snapshot")
aws("rds describe-db-instances --db-instance-identifier none", fails="DBInstanceNotFound")
aws("ec2 run-instances --image-id ami-1", fails="NotImplemented")
print("done")
