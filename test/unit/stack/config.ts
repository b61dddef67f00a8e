import type { Config } from "../../../src/config/config.ts";
import { deriveConfig } from "../../../src/config/derive.ts";
import { settingsSchema } from "../../../src/config/schema.ts";

export const place = { partition: "aws", region: "eu-west-1", account: "123456789012" };
/** The configuration of a file with these settings. */
export const configOf = (settings: object = {}): Config => deriveConfig(settingsSchema.parse(settings));
