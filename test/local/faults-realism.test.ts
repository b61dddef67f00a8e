import { APIGateway } from "@aws-sdk/client-api-gateway";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import { describe, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { isPropagated } from "../../src/local/core/realism.ts";
import { localAws } from "../support/local-aws.ts";

describe("realism", () => {
  test("API Gateway refuses calls above its fixed rates, with the time to wait", async () => {
    const clock = virtualClock();
    const real = await localAws({ clock, settings: { realism: true } });
    const api = real.client(APIGateway);
    const remove = () => api.deleteRestApi({ restApiId: "none" }).catch((error) => error);
    expect((await remove()).name).not.toBe("TooManyRequestsException");
    const refused = await remove();
    expect(refused).toMatchObject({ name: "TooManyRequestsException", $metadata: { httpStatusCode: 429 } });
    const seconds = Number(refused.$response.headers["retry-after"]);
    expect(seconds).toBeGreaterThan(25);
    clock.advance(seconds * 1000);
    expect((await remove()).name).not.toBe("TooManyRequestsException");
    await real.close();
  });

  test("tags become visible after a second", async () => {
    const clock = virtualClock();
    const real = await localAws({ clock, settings: { realism: true } });
    const sns = real.client(SNS);
    const { TopicArn: ResourceArn } = await sns.createTopic({ Name: "t" });
    const tags = async () => (await sns.listTagsForResource({ ResourceArn })).Tags?.map((tag) => tag.Key);
    expect(await tags()).toEqual([]);
    await sns.tagResource({ ResourceArn, Tags: [{ Key: "a", Value: "1" }] });
    expect(await tags()).toEqual([]);
    clock.advance(1_000);
    expect(await tags()).toEqual(["a"]);
    await real.close();
  });

  test("a new role cannot be assumed for some seconds, and equal runs take equal time", async () => {
    const time = async () => {
      const clock = virtualClock();
      const real = await localAws({ clock, settings: { realism: true } });
      const start = clock.now();
      for (let i = 0; i < 5; i++) await real.client(S3).createBucket({ Bucket: `b-${i}` });
      const taken = clock.now() - start;
      const made = clock.now();
      const before = isPropagated(real.env, made);
      clock.advance(8_000);
      expect([before, isPropagated(real.env, made)]).toEqual([false, true]);
      await real.close();
      return taken;
    };
    const first = await time();
    expect(first).toBeGreaterThan(0);
    expect(await time()).toBe(first);
    const calm = await localAws();
    expect(isPropagated(calm.env, calm.env.clock.now())).toBe(true);
    await calm.close();
  });
});
