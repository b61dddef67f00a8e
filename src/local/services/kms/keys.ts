import type * as KMS from "@aws-sdk/client-kms";
import { type Handler, LocalFault } from "../../core/service.ts";
import { type Kms, keysIn, metadataOf, newKey, page, requireChangeableKey, requireKey } from "./key.ts";

const DAY_MS = 86_400_000;
const ROTATION_DAYS = 365;

export function keyOperations(kms: Kms) {
  const create: Handler<KMS.CreateKeyCommandInput, KMS.CreateKeyCommandOutput> = (input, call) => {
    if (input.MultiRegion || (input.KeySpec ?? "SYMMETRIC_DEFAULT") !== "SYMMETRIC_DEFAULT" || (input.Origin ?? "AWS_KMS") !== "AWS_KMS")
      throw new LocalFault("NotImplemented", "The local AWS has symmetric keys of one region only (kms:CreateKey).", 501);
    const key = newKey(kms, input, call);
    kms.keys.put(key.id, key);
    return { KeyMetadata: metadataOf(key) };
  };
  const describe: Handler<KMS.DescribeKeyCommandInput, KMS.DescribeKeyCommandOutput> = (input, call) => ({
    KeyMetadata: metadataOf(requireKey(kms, input.KeyId, call)),
  });
  const list: Handler<KMS.ListKeysCommandInput, KMS.ListKeysCommandOutput> = (input, { region }) => {
    const { items, nextPage } = page(keysIn(kms, region), input);
    return { Keys: items.map(({ id, arn }) => ({ KeyId: id, KeyArn: arn })), ...nextPage };
  };
  const updateDescription: Handler<KMS.UpdateKeyDescriptionCommandInput, KMS.UpdateKeyDescriptionCommandOutput> = (input, call) => {
    const key = requireChangeableKey(kms, input.KeyId, call);
    kms.keys.put(key.id, { ...key, description: input.Description ?? "" });
    return {};
  };
  return {
    CreateKey: create,
    DescribeKey: describe,
    ListKeys: list,
    UpdateKeyDescription: updateDescription,
    ...rotationOperations(kms),
    ...stateOperations(kms),
  };
}

function rotationOperations(kms: Kms) {
  const enable: Handler<KMS.EnableKeyRotationCommandInput, KMS.EnableKeyRotationCommandOutput> = (input, call) => {
    const key = requireChangeableKey(kms, input.KeyId, call);
    if (!key.enabled) throw new LocalFault("DisabledException", `${key.arn} is disabled.`);
    const days = input.RotationPeriodInDays ?? ROTATION_DAYS;
    if (days < 90 || days > 2_560) throw new LocalFault("ValidationException", "RotationPeriodInDays must be between 90 and 2560.");
    kms.keys.put(key.id, { ...key, rotation: { days, since: kms.env.clock.now() } });
    return {};
  };
  const disable: Handler<KMS.DisableKeyRotationCommandInput, KMS.DisableKeyRotationCommandOutput> = (input, call) => {
    const key = requireChangeableKey(kms, input.KeyId, call);
    kms.keys.put(key.id, { ...key, rotation: undefined });
    return {};
  };
  const status: Handler<KMS.GetKeyRotationStatusCommandInput, KMS.GetKeyRotationStatusCommandOutput> = (input, call) => {
    const { id, rotation } = requireKey(kms, input.KeyId, call);
    if (!rotation) return { KeyRotationEnabled: false, KeyId: id };
    const next = new Date(rotation.since + rotation.days * DAY_MS);
    return { KeyRotationEnabled: true, KeyId: id, RotationPeriodInDays: rotation.days, NextRotationDate: next };
  };
  return { EnableKeyRotation: enable, DisableKeyRotation: disable, GetKeyRotationStatus: status };
}

function stateOperations(kms: Kms) {
  const setEnabled =
    (enabled: boolean): Handler<KMS.EnableKeyCommandInput, KMS.EnableKeyCommandOutput> =>
    (input, call) => {
      const key = requireChangeableKey(kms, input.KeyId, call);
      kms.keys.put(key.id, { ...key, enabled });
      return {};
    };
  const schedule: Handler<KMS.ScheduleKeyDeletionCommandInput, KMS.ScheduleKeyDeletionCommandOutput> = (input, call) => {
    const key = requireChangeableKey(kms, input.KeyId, call);
    const days = input.PendingWindowInDays ?? 30;
    if (days < 7 || days > 30) throw new LocalFault("ValidationException", "PendingWindowInDays must be between 7 and 30.");
    const deleteAt = kms.env.clock.now() + days * DAY_MS;
    kms.keys.put(key.id, { ...key, deleteAt });
    return { KeyId: key.arn, DeletionDate: new Date(deleteAt), KeyState: "PendingDeletion", PendingWindowInDays: days };
  };
  const cancel: Handler<KMS.CancelKeyDeletionCommandInput, KMS.CancelKeyDeletionCommandOutput> = (input, call) => {
    const key = requireKey(kms, input.KeyId, call);
    if (key.deleteAt === undefined) throw new LocalFault("KMSInvalidStateException", `${key.arn} is not pending deletion.`);
    // After CancelKeyDeletion the key exists, but is disabled.
    kms.keys.put(key.id, { ...key, deleteAt: undefined, enabled: false });
    return { KeyId: key.arn };
  };
  return { EnableKey: setEnabled(true), DisableKey: setEnabled(false), ScheduleKeyDeletion: schedule, CancelKeyDeletion: cancel };
}
