import { createPrivateKey, createSign, generateKeyPair } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { selfSigned } from "../../core/certificate.ts";
import type { LocalEnv } from "../../core/service.ts";

export interface Signer {
  /** The members that AWS adds to a message: signature, its version, and the certificate's URL. */
  sign(message: Readonly<Record<string, unknown>>, version: string): Promise<{ SignatureVersion: string; Signature: string; url: string }>;
  /** The certificate (PEM) that `SigningCertURL` serves. */
  certificate(): Promise<string>;
  readonly certificatePath: string;
}
const SIGNED_IN_NOTIFICATION = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const TEN_YEARS_MS = 3_650 * 86_400_000;
const SIGNED_IN_CONFIRMATION = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/** Signs messages with a key of the data folder, which it creates on first use. */
export function signerOf(env: LocalEnv): Signer {
  const file = join(env.dataDir, "sns", "signing.pem");
  let created: Promise<string> | undefined;
  const pem = (): Promise<string> => {
    created ??= existsSync(file) ? Promise.resolve(readFileSync(file, "utf8")) : createPem();
    return created;
  };
  const createPem = async (): Promise<string> => {
    const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
    // Receivers check the validity by the real time.
    const from = Date.now();
    const certificate = selfSigned({ name: "sns.amazonaws.com", privateKey, publicKey, from, until: from + TEN_YEARS_MS });
    const text = `${privateKey.export({ type: "pkcs8", format: "pem" })}${certificate}`;
    mkdirSync(join(env.dataDir, "sns"), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return text;
  };
  const path = "/SimpleNotificationService-local.pem";
  return {
    certificatePath: path,
    async sign(message, version) {
      const names = message.Type === "Notification" ? SIGNED_IN_NOTIFICATION : SIGNED_IN_CONFIRMATION;
      const text = names.flatMap((name) => (message[name] === undefined ? [] : [`${name}\n${message[name]}\n`])).join("");
      const signature = createSign(version === "2" ? "sha256" : "sha1")
        .update(text)
        .sign(createPrivateKey(await pem()), "base64");
      return { SignatureVersion: version, Signature: signature, url: env.endpoint() + path };
    },
    async certificate() {
      const text = await pem();
      return text.slice(text.indexOf("-----BEGIN CERTIFICATE-----"));
    },
  };
}
