import { ConditionalCheckFailedException, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";

// Lambda sets the region and the credentials; AWS_ENDPOINT_URL points the client at a local AWS in the tests.
const dynamodb = new DynamoDBClient({ maxAttempts: 5 });

/** POST /orders: stores an order once. The same order again is answered 200 instead of 201. */
export async function handler(event) {
  const { id, customer } = JSON.parse(event.body);
  try {
    await dynamodb.send(
      new PutItemCommand({
        TableName: process.env.ORDERS_TABLE,
        Item: { id: { S: id }, customer: { S: customer } },
        ConditionExpression: "attribute_not_exists(id)",
      }),
    );
    return { statusCode: 201 };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return { statusCode: 200 };
    throw error;
  }
}
